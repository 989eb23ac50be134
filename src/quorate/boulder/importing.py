"""From configurations to an authority: what is read, what is written, in which order it is to be rehearsed.

Nothing is written before everything has been read, linked and laid out; whatever is refused leaves no trace.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from quorate.algorithms import SignatureAlgorithm
from quorate.boulder.config import (
    CertificateConfig,
    Config,
    KeyConfig,
    OtherConfig,
    RequestConfig,
    RootConfig,
    read_config,
)
from quorate.boulder.linking import Linker, Links
from quorate.boulder.naming import file_name
from quorate.boulder.plans import Plans, output_paths
from quorate.boulder.profile import Subject
from quorate.boulder.report import FILE, next_steps, report
from quorate.boulder.sequence import Sequence, ceremonies, sequence
from quorate.boulder.writing import commitments, lay, write
from quorate.document import LARGEST, Value
from quorate.findings import Finding, Refusal, found, refuse_errors
from quorate.host import Host
from quorate.keys import KeyType
from quorate.outset import require_empty
from quorate.strict import text_problem
from quorate.x509.name import encode_name

TOKEN = "hsm-1"
"""The one token of the example authority."""
PACE = timedelta(seconds=60)
"""How long one configuration takes a rehearsal at most, by its own clock."""


def import_configs(paths: tuple[Path, ...], into: Path, rules: str, host: Host) -> tuple[str, ...]:
    """Read all configurations below `paths` and write an authority `into` an empty folder; the lines of its report.

    Raises `outset.not_empty` and `boulder.…`; every finding names file and line.
    """
    require_empty(into)
    configs, strangers = _read_all(paths)
    if not configs:
        raise Refusal("boulder.nothing", ", ".join(map(str, paths)))
    linker = Linker(configs, _read)
    links = linker.link()
    configs, without = _without_place(configs, links)
    made = sequence(configs, links, host.now().replace(hour=0, minute=0, second=0, microsecond=0))
    _require_signable(made)
    if not made.order:
        raise Refusal("boulder.nothing", ", ".join(map(str, paths)))
    plans = Plans(made, TOKEN)
    files = {number: tuple(file_name(path) for path in output_paths(config)) for number, config in enumerate(configs)}
    laid = lay(plans, ceremonies(made, files, PACE))
    write(into, rules, plans, laid, host)
    lines = report(plans, laid, tuple(linker.loose), strangers, without, commitments(plans, rules))
    lines = (*lines, *next_steps(into))
    host.write_once(into / FILE, "".join(f"{line}\n" for line in lines).encode())
    return lines


# -- reading ----------------------------------------------------------------------------------------------------------


def _read_all(paths: tuple[Path, ...]) -> tuple[tuple[Config, ...], tuple[str, ...]]:
    """The configurations in the order of their files, and the YAML files that are none."""
    files: dict[Path, str] = {}
    for path in paths:
        found_here = (
            sorted(one for ending in ("*.yaml", "*.yml") for one in path.rglob(ending)) if path.is_dir() else [path]
        )
        for one in found_here:
            if one.is_file():
                files.setdefault(one.resolve(), str(one))
    configs, strangers, problems = list[Config](), list[str](), list[Finding]()
    for real, shown in sorted(files.items()):
        name = ascii(shown) if text_problem(shown) else shown
        try:
            with real.open("rb") as file:
                config = read_config(file.read(LARGEST + 1), real, name)
            configs += [config] if config is not None else []
            strangers += [name] if config is None else []
        except Refusal as refusal:
            problems += refusal.findings
    if problems:
        raise Refusal.of(tuple(problems))
    return tuple(configs), tuple(strangers)


def _read(path: Path) -> bytes | None:
    """A file beside the configurations; None if there is none."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return file.read(LARGEST)


def _without_place(configs: tuple[Config, ...], links: tuple[Links, ...]) -> tuple[tuple[Config, ...], dict[int, str]]:
    """What no plan has an operation for, and what needs it, is taken out; the reason by the place."""
    known = {one.value for one in KeyType}
    without: dict[int, str] = {}
    for number, config in enumerate(configs):
        if isinstance(config, OtherConfig):
            without[number] = f"no operation for {config.kind.text}"
        elif isinstance(config, (KeyConfig, RootConfig)) and config.key_type.text not in known:
            without[number] = f"no key of type {config.key_type.text}"
    todo = True
    while todo:
        todo = False
        for number, one in enumerate(links):
            lost = sorted(one.needs & set(without) - {number})
            if lost and number not in without:
                without[number] = f"it needs {configs[lost[0]].source.name}"
                todo = True
    kept = tuple(
        OtherConfig(config.source, Value(without[number], config.source.line)) if number in without else config
        for number, config in enumerate(configs)
    )
    return kept, without


def _require_signable(made: Sequence) -> None:
    """Names that can be written, and signature algorithms that go with the keys."""
    problems: list[Finding] = []
    for number, config in enumerate(made.configs):
        if isinstance(config, (RootConfig, CertificateConfig)):
            problems += _name_problems(config.profile.subject, config.source.at(config.profile.line))
            issuer, signature = made.links[number].issuer, config.profile.signature
            key = made.key_type(issuer.maker if issuer is not None else number)
            if not SignatureAlgorithm(signature.text).fits(key):
                where = config.source.at(signature.line)
                problems.append(found("boulder.signature", where, signature=signature.text, key=key))
        elif isinstance(config, RequestConfig):
            problems += _name_problems(config.subject, config.source.at(config.line))
    refuse_errors(tuple(problems))


def _name_problems(subject: Subject, where: str) -> list[Finding]:
    try:
        encode_name(subject.planned)
    except Refusal as refusal:
        return [Finding(one.code, where, one.facts) for one in refusal.findings]
    return []
