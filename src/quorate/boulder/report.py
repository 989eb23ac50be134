"""What an import says of itself: every field that found no place, every choice that it made, and what comes next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from quorate.boulder.config import CertificateConfig, CrlConfig, KeyConfig, RequestConfig, RootConfig
from quorate.boulder.linking import Loose, Made
from quorate.boulder.naming import file_name, is_kept
from quorate.boulder.plans import Plans, output_paths
from quorate.boulder.sequence import own_date
from quorate.boulder.writing import Laid
from quorate.script.outputs import output_files

FILE = "report.md"


def report(
    plans: Plans,
    laid: tuple[Laid, ...],
    loose: tuple[Loose, ...],
    strangers: tuple[str, ...],
    without: dict[int, str],
    raised: dict[str, str],
) -> tuple[str, ...]:
    """The lines of the report, in Markdown, but for what comes next."""
    configs = plans.sequence.configs
    done = len(plans.sequence.order)
    lines = ["# Import of ceremony configurations", ""]
    lines.append(f"{len(configs)} configurations read, {done} of them now in {len(laid)} ceremonies.")
    lines += _section("Ceremonies", _ceremonies(plans, laid))
    lines += _section("Not imported", (f"{configs[n].source.name}: {why}" for n, why in sorted(without.items())))
    lines += _section("YAML that is no ceremony configuration", strangers)
    lines += _section("Fields without a place", _left(plans))
    lines += _section("Paths that agree at their end only", _loose(plans, loose))
    lines += _section("Files that are copied into inputs/", _copied(laid))
    lines += _section("Outputs with another name", _renamed(plans))
    lines += _section("Dates before what they are made of", _backdated(plans))
    lines += _section("Certificates for a name and key that have one", _again(plans))
    lines += _section("Entries that CRLs carry over", plans.carried)
    lines += _section("Labels that are not the signing key's", _labels(plans))
    lines += _section("Commitments of the example that are raised", (f"{k} = {v}" for k, v in raised.items()))
    return tuple(lines)


def next_steps(into: Path) -> tuple[str, ...]:
    """What to do with what was written."""
    folder = shlex.quote(str(into))
    return (
        "",
        "## Next",
        "",
        "- rehearse them all, in order:",
        f'  for ceremony in {folder}/ceremonies/*/; do quorate rehearse "$ceremony" || break; done',
        "- put your own people, places and token into authority.toml and people/ (what is marked CHANGE)",
        "- look into the plans: `quorate check --rehearsal CEREMONY` says what the rules think of each",
    )


def _section(title: str, lines: Iterator[str] | tuple[str, ...] | list[str]) -> list[str]:
    items = [f"- {line}" for line in lines]
    return ["", f"## {title}", "", *items] if items else []


def _ceremonies(plans: Plans, laid: tuple[Laid, ...]) -> Iterator[str]:
    for one in laid:
        window = f"{one.ceremony.opens:%Y-%m-%d %H:%M:%S} to {one.ceremony.closes:%Y-%m-%d %H:%M:%S} UTC"
        yield f"{one.name}, {window}: {', '.join(one.names)}"


def _left(plans: Plans) -> Iterator[str]:
    """Each field with what became of it, and all the places where it stands."""
    rows: dict[tuple[str, str], list[str]] = {}
    for config in plans.sequence.configs:
        for one in config.source.left:
            rows.setdefault((one.field, one.why), []).append(config.source.at(one.line))
    for (field, why), places in rows.items():
        yield f"{field}: {why} ({', '.join(places)})"


def _loose(plans: Plans, loose: tuple[Loose, ...]) -> Iterator[str]:
    for one in loose:
        maker = plans.sequence.configs[one.maker].source.name
        yield f"{one.source.at(one.line)}: {one.path} is taken for what {maker} makes"


def _copied(laid: tuple[Laid, ...]) -> Iterator[str]:
    for one in laid:
        yield from (f"{one.name}/inputs/{name}" for name in one.inputs)


def _renamed(plans: Plans) -> Iterator[str]:
    for number in plans.sequence.order:
        config = plans.sequence.configs[number]
        for path in output_paths(config):
            if not is_kept(path):
                what = (
                    "key"
                    if isinstance(config, KeyConfig)
                    else "csr"
                    if isinstance(config, RequestConfig)
                    else "certificate"
                )
                what = "crl" if isinstance(config, CrlConfig) else what
                files = output_files(what, "", file_name(path))  # type: ignore[arg-type]  # one of the four
                yield f"{config.source.name}: {PurePosixPath(path).name} is {PurePosixPath(files[-1]).name} here"


def _backdated(plans: Plans) -> Iterator[str]:
    for number in plans.sequence.order:
        config, date = plans.sequence.configs[number], own_date(plans.sequence.configs[number])
        if date is not None and date < plans.sequence.moments[number]:
            yield f"{config.source.name}: {date:%Y-%m-%d %H:%M:%S}, signed when all that it needs is there"


def _again(plans: Plans) -> Iterator[str]:
    for number in plans.sequence.order:
        config, existing = plans.sequence.configs[number], plans.links(number).existing
        if isinstance(config, CertificateConfig) and config.existing is None and isinstance(existing, Made):
            yield f"{config.source.name}: planned as a cross-certificate of {plans.ids[existing.maker]}"


def _labels(plans: Plans) -> Iterator[str]:
    """The tool would not have found the key; here the issuer's certificate decides."""
    for number in plans.sequence.order:
        config, links = plans.sequence.configs[number], plans.links(number)
        if isinstance(config, (CertificateConfig, CrlConfig)) and links.issuer is not None:
            key = plans.links(links.issuer.maker).key
        elif isinstance(config, RequestConfig):
            key = links.key
        else:
            continue
        maker = plans.sequence.configs[key.maker] if isinstance(key, Made) else None
        if isinstance(maker, (KeyConfig, RootConfig)) and maker.label.text != config.label.text:
            where = config.source.at(config.label.line)
            yield f"{where}: {config.label.text}, but the key is stored as {maker.label.text} ({maker.source.name})"
