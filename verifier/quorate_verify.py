#!/usr/bin/env python3
"""quorate_verify: checks the records of key ceremonies, from the files alone.

    python3 -I quorate_verify.py RECORD… [--authority sha256:…] [--rehearsal] [--explain]

This is one file. It needs Python 3.9 or later and nothing else, imports nothing of the program that wrote the record,
reads nothing but the record folders it is given, writes no file and opens no connection. It is written from the
documents in `spec/` and to be read by a stranger; each section names the document that it follows.

    1  limits and problems      how bad input is reported, and never as a traceback
    2  formats                  canonical JSON, shapes, times, words, the Merkle tree
    3  crypto                   RSA PKCS#1 v1.5 and PSS, ECDSA, Ed25519, Ed448, ML-DSA: verification only
    4  SSHSIG                   signatures of people
    5  DER and X.509            certificates, CRLs, certification requests
    6  statements               the exact text that people sign, built again from what is known
    7  the folder               files, digests, names
    8  the transcript           events, leaves, roots
    9  the authority            its states and who governed them
    10 the script               what was to be done; its printed text
    11 the session              the walk of the events over the script
    12 key sets                 requests and responses for the keys of DNS zones
    13 artifacts                what was made, byte for byte
    14 continuity               one record after the other
    15 the report               claims, verdict, and what no record can show

Give several records in the order in which they happened to have their continuity checked. The authority is the digest
of its first state, which you must have from elsewhere: a record proves nothing about who.

Exit: 0 accepted, 1 refused, 2 wrong use, 3 consistent but people unproven or ceremony unfinished, 70 a bug in here.
"""

import argparse
import base64
import binascii
import datetime
import hashlib
import ipaddress
import itertools
import json
import math
import os
import re
import stat
import sys
import textwrap
import unicodedata
import xml.etree.ElementTree
import xml.parsers.expat

# =====================================================================================================================
# 1  Limits and problems
# =====================================================================================================================

MAX_FILES = 20_000
MAX_DEPTH_OF_FOLDERS = 8
MAX_FILE = 1 << 30  # hashed in pieces, not held
MAX_HELD = 16 << 20  # a file that is read as a whole
MAX_HELD_IN_ALL = 256 << 20
MAX_TRANSCRIPT = 512 << 20
MAX_LINE = 64 << 20  # a CRL of a busy authority stands in one event
MAX_JSON_DEPTH = 32
MAX_PROBLEMS_SHOWN = 12
MAX_PLACES, MAX_DEPTH_OF_PLACES, MAX_TOKENS = 1000, 16, 100  # of an authority: spec/authority.md 8
MAX_APPROVALS = 100  # of one intent
MAX_OUTPUTS = 8  # of an operation that makes one thing
MAX_LISTS = 100_000  # and objects in a line of a transcript: each takes far more memory than its two brackets
MAX_SPARED = 1000  # of one token, after which nothing more is looked for
FORMAT = "quorate/1"

CLAIMS = (
    "files",
    "transcript",
    "authority",
    "script",
    "steps",
    "people",
    "quorums",
    "artifacts",
    "keys",
    "custody",
    "cosignatures",
    "continuity",
)

CLASSES = {
    "files": "proved",
    "transcript": "proved",
    "authority": "signed",
    "script": "signed",
    "steps": "proved",
    "people": "signed",
    "quorums": "signed",
    "artifacts": "proved",
    "keys": "reported",
    "custody": "stated",
    "cosignatures": "signed",
    "continuity": "proved",
}


class Bad(Exception):
    """Input that is not as the specification says. Its text is one line and becomes the failure of a claim."""


def plain(text, limit=160):
    """Foreign text made safe for a terminal: printable ASCII, one line, bounded."""
    text = str(text)
    if len(text) > limit:
        text = text[: limit - 1] + "~"
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if " " <= c <= "~" else "\\u%04x" % ord(c) for c in text)


def some(number, many):
    """A number of things, for people: `1 record`, `2 records`."""
    return "%d %s" % (number, many[:-1] if number == 1 else many)


def need(condition, text):
    """Raise Bad(text) unless the condition holds."""
    if not condition:
        raise Bad(text)


class Claims:
    """The problems found in one record, by claim, and the facts that are printed with every verdict."""

    def __init__(self):
        self.problems = {name: [] for name in CLAIMS}
        self.open_points = {name: [] for name in CLAIMS}  # not wrong, but not shown either: verdict 3
        self.good = {name: [] for name in CLAIMS}  # what was found, for the line of a claim that holds
        self.facts = []

    def fail(self, claim, text):
        self.problems[claim].append(plain(text, 400))

    def leave_open(self, claim, text):
        self.open_points[claim].append(plain(text, 400))

    def found(self, claim, text):
        self.good[claim].append(plain(text, 400))

    def fact(self, text):
        self.facts.append(plain(text, 600))

    def attempt(self, claim, work, *arguments):
        """Run one check. Whatever goes wrong in it is a failure of its claim and stops nothing else."""
        try:
            return work(*arguments)
        except Bad as bad:
            self.fail(claim, str(bad))
        except RecursionError:
            self.fail(claim, "nested too deeply to be read")
        except MemoryError:
            self.fail(claim, "too large to be read")
        except Exception as error:  # malformed input that no check named: refused all the same, never trusted
            self.fail(claim, "could not be read (%s: %s)" % (type(error).__name__, plain(error, 80)))
            if os.environ.get("QUORATE_VERIFY_DEBUG"):
                import traceback

                traceback.print_exc()
        return None


# =====================================================================================================================
# 2  Formats: spec/canonical-json.md, spec/words.md, spec/transcript.md 2 and 3
# =====================================================================================================================

DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}\Z")  # ids of people, seats, operations
PART = re.compile(r"[A-Za-z0-9](?: ?[A-Za-z0-9._-]){0,127}\Z")  # components of paths
EVENT_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z\Z", re.ASCII)
SECOND_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z\Z", re.ASCII)
DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)
HEX = re.compile(r"(?:[0-9a-f]{2})+\Z")


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def encode_canonical(value):
    """RFC 8785 for the values that we allow: keys are ASCII, so sorting by code point is sorting by UTF-16 unit."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("utf-8")


def _integer(text):
    need(len(text) <= 17, "an integer of too many digits")
    value = int(text)
    need(abs(value) <= (1 << 53) - 1, "an integer beyond 2^53-1")
    return value


def _no_number(text):
    raise Bad("a number that is not an integer")


def _examine(value, depth):
    if isinstance(value, str):
        need(unicodedata.is_normalized("NFC", value), "a string that is not in NFC")
    elif isinstance(value, dict):
        need(depth < MAX_JSON_DEPTH, "nested too deeply")
        for key, member in value.items():
            need(key.isascii(), "a key that is not ASCII")
            _examine(member, depth + 1)
    elif isinstance(value, list):
        need(depth < MAX_JSON_DEPTH, "nested too deeply")
        for member in value:
            _examine(member, depth + 1)


_DECODER = json.JSONDecoder(parse_int=_integer, parse_float=_no_number, parse_constant=_no_number)


def read_canonical(data):
    """The value of canonical JSON bytes. Raises Bad unless encoding the value again gives the same bytes."""
    try:
        text = data.decode("utf-8")
        value = _DECODER.decode(text)
        again = encode_canonical(value)
    except RecursionError:
        raise Bad("nested too deeply") from None
    except (UnicodeError, ValueError):
        raise Bad("not JSON in UTF-8") from None
    need(again == data, "not canonical JSON")
    if not text.isascii() or data.count(b"{") + data.count(b"[") > MAX_JSON_DEPTH:
        _examine(value, 0)
    return value


class Words:
    """A shape: text that matches a pattern, or one of a closed set."""

    def __init__(self, what, allowed):
        self.what = what
        self.test = allowed.match if hasattr(allowed, "match") else set(allowed).__contains__


class May:
    """The shape of a member that is left out where it would be empty."""

    def __init__(self, shape):
        self.shape = shape


TEXT, WHOLE, TRUTH, ANY = str, int, bool, object
ID = Words("an id", NAME)
SHA = Words("a digest", DIGEST)
OCTETS = Words("hexadecimal octets", HEX)
ROOT = Words("a root in hexadecimal", re.compile(r"[0-9a-f]{64}\Z"))
MAP_OF_TEXT = "an object of text"


def shape(value, wanted, where):
    """Check that a decoded value has exactly the wanted members and kinds. Raises Bad with the path.

    A shape is a type, a Words, ANY, a list of one shape, an object with exactly these members (but those that May be
    left out), or a tuple of choices.
    """
    if wanted is ANY:
        return None
    if isinstance(wanted, Words):
        need(type(value) is str and wanted.test(value), "%s is not %s" % (where, wanted.what))
    elif isinstance(wanted, dict):
        need(type(value) is dict, "%s is not an object" % where)
        odd = sorted(k for k in set(value) ^ set(wanted) if k in value or not isinstance(wanted[k], May))
        if odd:
            raise Bad("%s: member %r is %s" % (where, odd[0], "not known" if odd[0] in value else "missing"))
        for key, inner in value.items():
            wish = wanted[key]
            need(inner or not isinstance(wish, May), "%s.%s is empty and not left out" % (where, key))
            shape(inner, wish.shape if isinstance(wish, May) else wish, where + "." + key)
    elif isinstance(wanted, list):
        need(type(value) is list, "%s is not a list" % where)
        for number, member in enumerate(value):
            shape(member, wanted[0], "%s[%d]" % (where, number))
    elif isinstance(wanted, tuple):
        for choice in wanted:
            try:
                return shape(value, choice, where)
            except Bad as bad:
                last = bad
        raise last
    elif wanted is MAP_OF_TEXT:
        need(type(value) is dict and all(type(v) is str for v in value.values()), "%s is not an object of text" % where)
    elif wanted is None:
        need(value is None, "%s is not null" % where)
    else:
        names = {str: "text", int: "an integer", bool: "true or false"}
        need(type(value) is wanted, "%s is not %s" % (where, names[wanted]))
    return None


def no_twins(values, where):
    """Raises Bad when a value comes twice."""
    seen = set()
    for value in values:
        need(value not in seen, "%s: %s comes twice" % (where, plain(value)))
        seen.add(value)


def by_id(things, where):
    no_twins([thing["id"] for thing in things], where)
    return {thing["id"]: thing for thing in things}


_EPOCH = datetime.datetime(1970, 1, 1)


def _calendar(text, form):
    try:
        return datetime.datetime.strptime(text, form)
    except ValueError:
        raise Bad("%s is not a time" % plain(text)) from None


def event_millis(text):
    """Milliseconds since 1970 of an event's time. Written out for speed: a transcript has many."""
    need(EVENT_TIME.match(text), "%s is not a time in UTC with milliseconds" % plain(text))
    try:
        day = datetime.datetime(*map(int, (text[:4], text[5:7], text[8:10], text[11:13], text[14:16], text[17:19])))
    except ValueError:
        raise Bad("%s is not a time" % plain(text)) from None
    return int((day - _EPOCH).total_seconds()) * 1000 + int(text[20:23])


def second_of(text):
    """Seconds since 1970 of a time written YYYY-MM-DDTHH:MM:SSZ."""
    need(type(text) is str and SECOND_TIME.match(text), "%s is not a time YYYY-MM-DDTHH:MM:SSZ" % plain(text))
    return int((_calendar(text, "%Y-%m-%dT%H:%M:%SZ") - _EPOCH).total_seconds())


def from_base64(text, where):
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (ValueError, binascii.Error):
        raise Bad("%s is not base64" % where) from None
    need(base64.b64encode(data).decode() == text, "%s is not base64 in its one form" % where)
    return data


EVEN_WORDS = """
aardvark absurd accrue acme adrift adult afflict ahead aimless Algol allow alone ammo ancient apple artist assume
Athens atlas Aztec baboon backfield backward banjo beaming bedlamp beehive beeswax befriend Belfast berserk billiard
bison blackjack blockade blowtorch bluebird bombast bookshelf brackish breadline breakup brickyard briefcase Burbank
button buzzard cement chairlift chatter checkup chisel choking chopper Christmas clamshell classic classroom cleanup
clockwork cobra commence concert cowbell crackdown cranky crowfoot crucial crumpled crusade cubic dashboard deadbolt
deckhand dogsled dragnet drainage dreadful drifter dropper drumbeat drunken Dupont dwelling eating edict egghead
eightball endorse endow enlist erase escape exceed eyeglass eyetooth facial fallout flagpole flatfoot flytrap fracture
framework freedom frighten gazelle Geiger glitter glucose goggles goldfish gremlin guidance hamlet highchair hockey
indoors indulge inverse involve island jawbone keyboard kickoff kiwi klaxon locale lockup merit minnow miser Mohawk
mural music necklace Neptune newborn nightbird Oakland obtuse offload optic orca payday peachy pheasant physique
playhouse Pluto preclude prefer preshrunk printer prowler pupil puppy python quadrant quiver quota ragtime ratchet
rebirth reform regain reindeer rematch repay retouch revenge reward rhythm ribcage ringbolt robust rocker ruffled
sailboat sawdust scallion scenic scorecard Scotland seabird select sentence shadow shamrock showgirl skullcap skydive
slingshot slowdown snapline snapshot snowcap snowslide solo southward soybean spaniel spearhead spellbind spheroid
spigot spindle spyglass stagehand stagnate stairway standard stapler steamship sterling stockman stopwatch stormy
sugar surmount suspense sweatband swelter tactics talon tapeworm tempest tiger tissue tonic topmost tracker transit
trauma treadmill Trojan trouble tumor tunnel tycoon uncut unearth unwind uproot upset upshot vapor village virus
Vulcan waffle wallet watchword wayside willow woodlark Zulu
""".split()

ODD_WORDS = """
adroitness adviser aftermath aggregate alkali almighty amulet amusement antenna applicant Apollo armistice article
asteroid Atlantic atmosphere autopsy Babylon backwater barbecue belowground bifocals bodyguard bookseller borderline
bottomless Bradbury bravado Brazilian breakaway Burlington businessman butterfat Camelot candidate cannonball Capricorn
caravan caretaker celebrate cellulose certify chambermaid Cherokee Chicago clergyman coherence combustion commando
company component concurrent confidence conformist congregate consensus consulting corporate corrosion councilman
crossover crucifix cumbersome customer Dakota decadence December decimal designing detector detergent determine
dictator dinosaur direction disable disbelief disruptive distortion document embezzle enchanting enrollment enterprise
equation equipment escapade Eskimo everyday examine existence exodus fascinate filament finicky forever fortitude
frequency gadgetry Galveston getaway glossary gossamer graduate gravity guitarist hamburger Hamilton handiwork
hazardous headwaters hemisphere hesitate hideaway holiness hurricane hydraulic impartial impetus inception indigo
inertia infancy inferno informant insincere insurgent integrate intention inventive Istanbul Jamaica Jupiter leprosy
letterhead liberty maritime matchmaker maverick Medusa megaton microscope microwave midsummer millionaire miracle
misnomer molasses molecule Montana monument mosquito narrative nebula newsletter Norwegian October Ohio onlooker
opulent Orlando outfielder Pacific pandemic Pandora paperweight paragon paragraph paramount passenger pedigree Pegasus
penetrate perceptive performance pharmacy phonetic photograph pioneer pocketful politeness positive potato processor
provincial proximate puberty publisher pyramid quantity racketeer rebellion recipe recover repellent replica reproduce
resistor responsive retraction retrieval retrospect revenue revival revolver sandalwood sardonic Saturday savagery
scavenger sensation sociable souvenir specialist speculate stethoscope stupendous supportive surrender suspicious
sympathy tambourine telephone therapist tobacco tolerance tomorrow torpedo tradition travesty trombonist truncated
typewriter ultimate undaunted underfoot unicorn unify universe unravel upcoming vacancy vagabond vertigo Virginia
visitor vocalist voyager warranty Waterloo whimsical Wichita Wilmington Wyoming yesteryear Yucatan
""".split()

_POSITION = {word.lower(): n for n, word in enumerate(EVEN_WORDS)}
_POSITION.update({word.lower(): n for n, word in enumerate(ODD_WORDS)})


def words_of(data):
    """Octets as words: spec/words.md."""
    return [(ODD_WORDS if n % 2 else EVEN_WORDS)[octet] for n, octet in enumerate(data)]


def ends_of(digest):
    """The first four and last four words of a digest."""
    words = words_of(digest)
    return words[:4] + words[-4:]


def are_words_of(typed, digest):
    """The ends of a digest, or all of its words."""
    return same_words(typed, ends_of(digest)) or same_words(typed, words_of(digest))


def same_words(typed, words):
    return typed.casefold().split() == [word.casefold() for word in words]


class Tree:
    """The Merkle tree of RFC 6962 2.1 over the leaves so far, one number of hashes a leaf, roots at any moment."""

    def __init__(self):
        self.size = 0
        self._peaks = []  # (size, hash) of the perfect subtrees, from left to right

    def add(self, leaf_data):
        node, size = hashlib.sha256(b"\x00" + leaf_data).digest(), 1
        while self._peaks and self._peaks[-1][0] == size:
            node = hashlib.sha256(b"\x01" + self._peaks.pop()[1] + node).digest()
            size *= 2
        self._peaks.append((size, node))
        self.size += 1

    def root(self):
        if not self._peaks:
            return hashlib.sha256(b"").digest()
        node = self._peaks[-1][1]
        for _, left in reversed(self._peaks[:-1]):
            node = hashlib.sha256(b"\x01" + left + node).digest()
        return node


# =====================================================================================================================
# 3  Crypto: verification only, nothing here is secret, so nothing here is constant in time
# =====================================================================================================================

# DigestInfo prefixes of RFC 8017 9.2 for EMSA-PKCS1-v1_5
_DIGEST_INFO = {
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "sha384": bytes.fromhex("3041300d060960864801650304020205000430"),
    "sha512": bytes.fromhex("3051300d060960864801650304020305000440"),
}


def rsa_block(n, e, signature, least=2048):
    """The padded block that a signature opens to, as long as the modulus (RSAVP1, RFC 8017 5.2.2), or None."""
    size = (n.bit_length() + 7) // 8
    if not least <= n.bit_length() <= 16384 or n % 2 == 0 or e < 3 or e % 2 == 0 or e.bit_length() > 64:
        return None
    value = int.from_bytes(signature, "big")
    if len(signature) != size or value >= n:
        return None
    return pow(value, e, n).to_bytes(size, "big")


def verify_rsa(n, e, hash_name, message, signature, least=2048):
    """RSASSA-PKCS1-v1_5, RFC 8017 8.2.2: the whole padded block is built again and compared."""
    block = rsa_block(n, e, signature, least)
    if block is None:
        return False
    tail = _DIGEST_INFO[hash_name] + hashlib.new(hash_name, message).digest()
    return block == b"\x00\x01" + b"\xff" * (len(block) - len(tail) - 3) + b"\x00" + tail


def verify_pss(n, e, hash_name, message, signature):
    """RSASSA-PSS, RFC 8017 8.1.2 and 9.1.2, with MGF1 of the same hash and a salt of exactly the hash's length."""
    block = rsa_block(n, e, signature)
    if block is None:
        return False
    bits = n.bit_length() - 1
    if bits % 8 == 0:
        if block[0]:
            return False
        block = block[1:]
    size = hashlib.new(hash_name).digest_size
    masked, tag = block[: -size - 1], block[-size - 1 : -1]
    mask = b"".join(
        hashlib.new(hash_name, tag + counter.to_bytes(4, "big")).digest() for counter in range(len(masked) // size + 1)
    )
    padding = bytearray(a ^ b for a, b in zip(masked, mask))  # noqa: B905 (Python 3.9)
    unused = 8 * len(block) - bits
    if block[-1] != 0xBC or masked[0] >> (8 - unused):
        return False
    padding[0] &= 0xFF >> unused
    salt = bytes(padding[-size:])
    if padding[:-size] != b"\x00" * (len(padding) - size - 1) + b"\x01":
        return False
    return hashlib.new(hash_name, bytes(8) + hashlib.new(hash_name, message).digest() + salt).digest() == tag


class Curve:
    """A NIST prime curve (SP 800-186), y^2 = x^3 - 3x + b, in Jacobian coordinates; None is the point at infinity."""

    def __init__(self, name, p, b, n, gx, gy):
        self.name, self.p, self.b, self.n = name, p, b, n
        self.size = (p.bit_length() + 7) // 8
        self.g = (gx, gy, 1)
        self.g_table = None
        self.tables = {}  # of public keys seen: they come again and again

    def point(self, data):
        """The uncompressed point of SEC 1, or None when it is not on the curve."""
        if len(data) != 1 + 2 * self.size or data[0] != 4:
            return None
        x, y = int.from_bytes(data[1 : 1 + self.size], "big"), int.from_bytes(data[1 + self.size :], "big")
        if x >= self.p or y >= self.p or (y * y - (x * x * x - 3 * x + self.b)) % self.p:
            return None
        return (x, y, 1)

    def double(self, point):
        if point is None or point[1] == 0:
            return None
        x, y, z = point
        p = self.p
        delta, gamma = z * z % p, y * y % p
        beta = x * gamma % p
        alpha = 3 * (x - delta) * (x + delta) % p
        x3 = (alpha * alpha - 8 * beta) % p
        z3 = ((y + z) * (y + z) - gamma - delta) % p
        return (x3, (alpha * (4 * beta - x3) - 8 * gamma * gamma) % p, z3)

    def add(self, one, two):
        if one is None:
            return two
        if two is None:
            return one
        p = self.p
        x1, y1, z1 = one
        x2, y2, z2 = two
        z1z1, z2z2 = z1 * z1 % p, z2 * z2 % p
        u1, u2 = x1 * z2z2 % p, x2 * z1z1 % p
        s1, s2 = y1 * z2 * z2z2 % p, y2 * z1 * z1z1 % p
        if u1 == u2:
            return self.double(one) if s1 == s2 else None
        h, r = u2 - u1, s2 - s1
        hh = h * h % p
        hhh, v = h * hh % p, u1 * hh % p
        x3 = (r * r - hhh - 2 * v) % p
        return (x3, (r * (v - x3) - s1 * hhh) % p, z1 * z2 * h % p)

    def table(self, point):
        row = [None, point]
        while len(row) < 16:
            row.append(self.add(row[-1], point))
        return row

    def verify(self, public, hash_name, message, r, s):
        """ECDSA, FIPS 186-5 6.4.2, with both multiplications in one pass over windows of four bits."""
        if not (1 <= r < self.n and 1 <= s < self.n):
            return False
        point = self.point(public)
        if point is None:
            return False
        digest = hashlib.new(hash_name, message).digest()
        e = int.from_bytes(digest, "big") >> max(0, 8 * len(digest) - self.n.bit_length())
        w = pow(s, -1, self.n)
        u1, u2 = e * w % self.n, r * w % self.n
        if self.g_table is None:
            self.g_table = self.table(self.g)
        if public not in self.tables:
            self.tables[public] = self.table(point)
        mine = self.tables[public]
        total = None
        for shift in range((self.n.bit_length() + 3) // 4 * 4 - 4, -1, -4):
            for _ in range(4):
                total = self.double(total)
            total = self.add(self.add(total, self.g_table[u1 >> shift & 15]), mine[u2 >> shift & 15])
        if total is None:
            return False
        x = total[0] * pow(total[2], -2, self.p) % self.p
        return x % self.n == r


P256 = Curve(
    "P-256",
    0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF,
    0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
P384 = Curve(
    "P-384",
    (1 << 384) - (1 << 128) - (1 << 96) + (1 << 32) - 1,
    0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
    0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
    0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F,
)
P521 = Curve(
    "P-521",
    (1 << 521) - 1,
    0x0051953EB9618E1C9A1F929A21A0B68540EEA2DA725B99B315F3B8B489918EF109E156193951EC7E937B1652C0BD3BB1BF073573DF883D2C34F1EF451FD46B503F00,
    0x01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409,
    0x00C6858E06B70404E9CD9E3ECB662395B4429C648139053FB521F828AF606B4D3DBAA14B5E77EFE75928FE1DC127A2FFA8DE3348B3C1856A429BF97E7E31C2E5BD66,
    0x011839296A789A3BC0045C8A5FB42C7D1BD998F54449579B446817AFBD17273E662C97EE72995EF42640C550B9013FAD0761353C7086A272C24088BE94769FD16650,
)


class Ed25519:
    """RFC 8032 5.1.7 in extended coordinates (X, Y, Z, T), without cofactor, canonical encodings only."""

    P = (1 << 255) - 19
    L = (1 << 252) + 27742317777372353535851937790883648493
    D = -121665 * pow(121666, -1, P) % P
    BASE = bytes.fromhex("58" + "66" * 31)
    tables = {}  # noqa: RUF012 (a cache)

    @classmethod
    def point(cls, data):
        p = cls.P
        y = int.from_bytes(data, "little")
        sign, y = y >> 255, y & ((1 << 255) - 1)
        if len(data) != 32 or y >= p:
            return None
        x2 = (y * y - 1) * pow(cls.D * y * y + 1, -1, p) % p
        x = pow(x2, (p + 3) // 8, p)
        if (x * x - x2) % p:
            x = x * pow(2, (p - 1) // 4, p) % p
        if (x * x - x2) % p or (x == 0 and sign):
            return None
        if x & 1 != sign:
            x = p - x
        return (x, y, 1, x * y % p)

    @classmethod
    def add(cls, one, two):
        p = cls.P
        a = (one[1] - one[0]) * (two[1] - two[0]) % p
        b = (one[1] + one[0]) * (two[1] + two[0]) % p
        c = 2 * one[3] * two[3] * cls.D % p
        d = 2 * one[2] * two[2] % p
        e, f, g, h = b - a, d - c, d + c, b + a
        return (e * f % p, g * h % p, f * g % p, e * h % p)

    @classmethod
    def double(cls, one):
        p = cls.P
        x, y, z, _ = one
        a, b, c = x * x % p, y * y % p, 2 * z * z % p
        h = a + b
        e, g = h - (x + y) * (x + y) % p, a - b
        f = c + g
        return (e * f % p, g * h % p, f * g % p, e * h % p)

    @classmethod
    def table(cls, data, negative):
        """Multiples 0 to 15 of a point; kept, for the keys of a ceremony sign many times."""
        if (data, negative) not in cls.tables:
            point = cls.point(data)
            if point is None:
                return None
            if negative:
                point = (-point[0] % cls.P, point[1], 1, -point[3] % cls.P)
            row = [(0, 1, 1, 0), point]
            while len(row) < 16:
                row.append(cls.add(row[-1], point))
            cls.tables[data, negative] = row
        return cls.tables[data, negative]

    @classmethod
    def verify(cls, public, message, signature):
        if len(public) != 32 or len(signature) != 64:
            return False
        s = int.from_bytes(signature[32:], "little")
        mine = cls.table(bytes(public), True)
        base = cls.table(cls.BASE, False)
        if s >= cls.L or mine is None or cls.small(mine[1]):
            return False
        k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % cls.L
        total = (0, 1, 1, 0)
        for shift in range(252, -1, -4):  # sB - kA, four bits of both at a time
            for _ in range(4):
                total = cls.double(total)
            total = cls.add(cls.add(total, base[s >> shift & 15]), mine[k >> shift & 15])
        inverse = pow(total[2], -1, cls.P)
        x, y = total[0] * inverse % cls.P, total[1] * inverse % cls.P
        return (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]

    @classmethod
    def of_prime_order(cls, data):
        """Whether octets are the one encoding of a point of the subgroup of prime order (spec/algorithms.md)."""
        row, total = cls.table(bytes(data), False), (0, 1, 1, 0)
        for shift in range(252, -1, -4) if row else ():
            for _ in range(4):
                total = cls.double(total)
            total = cls.add(total, row[cls.L >> shift & 15])
        neutral = total[0] % cls.P == 0 and (total[1] - total[2]) % cls.P == 0
        return row is not None and neutral and not cls.small(row[1])

    @classmethod
    def small(cls, point):
        """A key of small order would accept the signatures of anyone."""
        for _ in range(3):
            point = cls.double(point)
        return point[0] % cls.P == 0 and (point[1] - point[2]) % cls.P == 0


class Ed448:
    """RFC 8032 5.2.7 in projective coordinates (X, Y, Z), without cofactor, canonical encodings only."""

    P = (1 << 448) - (1 << 224) - 1
    L = (1 << 446) - 13818066809895115352007386748515426880336692474882178609894547503885
    D = -39081 % P
    BASE = bytes.fromhex(
        "14fa30f25b790898adc8d74e2c13bdfdc4397ce61cffd33ad7c2a0051e9c7887"
        "4098a36c7373ea4b62c7c9563720768824bcb66e71463f6900"
    )
    tables = {}  # noqa: RUF012 (a cache)

    @classmethod
    def point(cls, data):
        p = cls.P
        y = int.from_bytes(data, "little")
        sign, y = y >> 455, y & ((1 << 455) - 1)
        if len(data) != 57 or y >= p:
            return None
        x2 = (y * y - 1) * pow(cls.D * y * y - 1, -1, p) % p
        x = pow(x2, (p + 1) // 4, p)
        if (x * x - x2) % p or (x == 0 and sign):
            return None
        return (x if x & 1 == sign else p - x, y, 1)

    @classmethod
    def add(cls, one, two):
        """Complete: it doubles as well."""
        p = cls.P
        a, c, d = one[2] * two[2] % p, one[0] * two[0] % p, one[1] * two[1] % p
        b, e = a * a % p, cls.D * c * d % p
        f, g, h = b - e, b + e, (one[0] + one[1]) * (two[0] + two[1]) - c - d
        return (a * f * h % p, a * g * (d - c) % p, f * g % p)

    @classmethod
    def table(cls, data, negative):
        """Multiples 0 to 15 of a point, or None for what encodes none."""
        if (data, negative) not in cls.tables:
            point = cls.point(data)
            if point is None:
                return None
            row = [(0, 1, 1), (-point[0] % cls.P if negative else point[0], point[1], 1)]
            while len(row) < 16:
                row.append(cls.add(row[-1], row[1]))
            cls.tables[data, negative] = row
        return cls.tables[data, negative]

    @classmethod
    def of_prime_order(cls, data):
        """The same as of the other curve."""
        row, total = cls.table(bytes(data), False), (0, 1, 1)
        for shift in range(444, -1, -4) if row else ():
            for _ in range(4):
                total = cls.add(total, total)
            total = cls.add(total, row[cls.L >> shift & 15])
        neutral = total[0] % cls.P == 0 and (total[1] - total[2]) % cls.P == 0
        return row is not None and neutral and row[4][0] % cls.P != 0

    @classmethod
    def verify(cls, public, message, signature):
        if len(public) != 57 or len(signature) != 114:
            return False
        s = int.from_bytes(signature[57:], "little")
        mine, base = cls.table(bytes(public), True), cls.table(cls.BASE, False)
        if (
            s >= cls.L or mine is None or mine[4][0] % cls.P == 0
        ):  # of small order: it would accept anybody's signatures
            return False
        seen = b"SigEd448\x00\x00" + signature[:57] + public + message
        k = int.from_bytes(hashlib.shake_256(seen).digest(114), "little") % cls.L
        total = (0, 1, 1)
        for shift in range(444, -1, -4):  # sB - kA, four bits of both at a time
            for _ in range(4):
                total = cls.add(total, total)
            total = cls.add(cls.add(total, base[s >> shift & 15]), mine[k >> shift & 15])
        inverse = pow(total[2], -1, cls.P)
        x, y = total[0] * inverse % cls.P, total[1] * inverse % cls.P
        return (y | (x & 1) << 455).to_bytes(57, "little") == signature[:57]


class MlDsa:
    """FIPS 204, verification (algorithms 3 and 8) with an empty context. A polynomial is a list of 256 numbers."""

    Q, D = 8380417, 13
    ZETAS = tuple(pow(1753, int(format(k, "08b")[::-1], 2), 8380417) for k in range(256))

    def __init__(self, k, l, tau, bits, gamma2, beta, omega, challenge):  # noqa: E741 (the standard's names)
        self.k, self.l, self.tau, self.beta, self.omega = k, l, tau, beta, omega
        self.gamma1, self.z_bits, self.gamma2, self.challenge = 1 << bits, bits + 1, gamma2, challenge
        self.w_bits = ((self.Q - 1) // (2 * gamma2) - 1).bit_length()
        self.key_size = 32 + 320 * k
        self.size = challenge + 32 * self.z_bits * l + omega + k
        self.keys = {}  # of public keys seen: matrix and t1, transformed

    @staticmethod
    def stream(shake, seed):
        """The octets of an extendable output, without end."""
        done, size = 0, 1024
        while True:
            for octet in shake(seed).digest(size)[done:]:
                yield octet
            done, size = size, 2 * size

    @staticmethod
    def unpack(data, bits):
        """256 numbers of so many bits, least significant first."""
        whole, mask = int.from_bytes(data, "little"), (1 << bits) - 1
        return [whole >> bits * i & mask for i in range(256)]

    @staticmethod
    def pack(numbers, bits):
        whole = 0
        for number in reversed(numbers):
            whole = whole << bits | number
        return whole.to_bytes(32 * bits, "little")

    def ntt(self, f):
        """Algorithm 41."""
        f, m, length = list(f), 0, 128
        while length:
            for start in range(0, 256, 2 * length):
                m += 1
                zeta = self.ZETAS[m]
                for j in range(start, start + length):
                    t = zeta * f[j + length] % self.Q
                    f[j], f[j + length] = (f[j] + t) % self.Q, (f[j] - t) % self.Q
            length //= 2
        return f

    def inverse_ntt(self, f):
        """Algorithm 42."""
        f, m, length = list(f), 256, 1
        while length < 256:
            for start in range(0, 256, 2 * length):
                m -= 1
                zeta = -self.ZETAS[m]
                for j in range(start, start + length):
                    t = f[j]
                    f[j], f[j + length] = (t + f[j + length]) % self.Q, zeta * (t - f[j + length]) % self.Q
            length *= 2
        return [8347681 * x % self.Q for x in f]  # 256^-1

    def uniform(self, seed):
        """Algorithm 30, RejNTTPoly."""
        found, octets = [], self.stream(hashlib.shake_128, seed)
        while len(found) < 256:
            number = next(octets) | next(octets) << 8 | (next(octets) & 0x7F) << 16
            if number < self.Q:
                found.append(number)
        return found

    def ball(self, seed):
        """Algorithm 29, SampleInBall."""
        c, octets = [0] * 256, self.stream(hashlib.shake_256, seed)
        signs = int.from_bytes(bytes(next(octets) for _ in range(8)), "little")
        for i in range(256 - self.tau, 256):
            j = next(octets)
            while j > i:
                j = next(octets)
            c[i], c[j] = c[j], 1 - 2 * (signs & 1)
            signs >>= 1
        return c

    def hints(self, data):
        """Algorithm 21, HintBitUnpack: the places of each polynomial's ones, or None for another encoding."""
        found, at = [], 0
        for end in data[self.omega :]:
            row = data[at:end]
            if not at <= end <= self.omega or list(row) != sorted(set(row)):
                return None
            found.append(set(row))
            at = end
        return found if not any(data[at : self.omega]) else None

    def high(self, r, hint):
        """Algorithms 36 and 40: the high part of a number, corrected by a hint."""
        m, step = (self.Q - 1) // (2 * self.gamma2), 2 * self.gamma2
        low = r % step
        low -= step if low > self.gamma2 else 0
        if r - low == self.Q - 1:
            top, low = 0, low - 1
        else:
            top = (r - low) // step
        return (top + (1 if low > 0 else -1)) % m if hint else top

    def opened(self, public):
        """The matrix A and t1 times 2^d of a public key, both transformed."""
        if public not in self.keys:
            rho, t1 = public[:32], public[32:]
            matrix = [[self.uniform(rho + bytes([s, r])) for s in range(self.l)] for r in range(self.k)]
            rows = [self.unpack(t1[320 * i : 320 * i + 320], 10) for i in range(self.k)]
            self.keys[public] = matrix, [self.ntt(x << self.D for x in row) for row in rows]
        return self.keys[public]

    def verify(self, public, message, signature):
        if len(public) != self.key_size or len(signature) != self.size:
            return False
        challenge, rest = signature[: self.challenge], signature[self.challenge :]
        width = 32 * self.z_bits
        z = [[self.gamma1 - x for x in self.unpack(rest[width * i :][:width], self.z_bits)] for i in range(self.l)]
        hints = self.hints(rest[width * self.l :])
        if hints is None or any(abs(x) >= self.gamma1 - self.beta for row in z for x in row):
            return False
        matrix, t1 = self.opened(bytes(public))
        z = [self.ntt(row) for row in z]
        c = self.ntt(self.ball(challenge))
        encoded = b""
        for i in range(self.k):
            total = [-x * y for x, y in zip(c, t1[i])]  # noqa: B905 (Python 3.9)
            for a, row in zip(matrix[i], z):  # noqa: B905 (Python 3.9)
                total = [t + x * y for t, x, y in zip(total, a, row)]  # noqa: B905 (Python 3.9)
            w = self.inverse_ntt([x % self.Q for x in total])
            encoded += self.pack([self.high(x, j in hints[i]) for j, x in enumerate(w)], self.w_bits)
        seen = hashlib.shake_256(public).digest(64) + b"\x00\x00" + message
        mu = hashlib.shake_256(seen).digest(64)
        return hashlib.shake_256(mu + encoded).digest(self.challenge) == challenge


BARE = {  # schemes with a hash of their own, whose keys are octets: RFC 8410, RFC 9881; FIPS 204 tables 1 and 2
    "ed25519": Ed25519,
    "ed448": Ed448,
    "ml-dsa-44": MlDsa(4, 4, 39, 17, 95232, 78, 80, 32),
    "ml-dsa-65": MlDsa(6, 5, 49, 19, 261888, 196, 55, 48),
    "ml-dsa-87": MlDsa(8, 7, 60, 19, 261888, 120, 75, 64),
}


# =====================================================================================================================
# 4  SSHSIG: PROTOCOL.sshsig of OpenSSH, RFC 4251 5, RFC 8709, PROTOCOL.u2f
# =====================================================================================================================


class SshReader:
    """The strings and numbers of the SSH wire format, with everything read to the end."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        need(self.at + count <= len(self.data), "an SSH structure is cut short")
        piece = self.data[self.at : self.at + count]
        self.at += count
        return piece

    def uint32(self):
        return int.from_bytes(self.take(4), "big")

    def string(self):
        return self.take(self.uint32())

    def mpint(self):
        data = self.string()
        if not data:
            return 0
        need(data[0] < 128 and (len(data) == 1 or data[0] or data[1] >= 128), "an SSH number is not in its one form")
        return int.from_bytes(data, "big")

    def end(self):
        need(self.at == len(self.data), "an SSH structure has octets too many")


_SSH_CURVES = {"ecdsa-sha2-nistp256": P256, "ecdsa-sha2-nistp384": P384, "ecdsa-sha2-nistp521": P521}
_SSH_HASHES = {"P-256": "sha256", "P-384": "sha384", "P-521": "sha512"}
_SK_TYPES = ("sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com")


class SshKey:
    """A person's public key, `TYPE BASE64`."""

    def __init__(self, text):
        parts = text.split(" ")
        need(len(parts) == 2, "a key is not `TYPE BASE64`")
        self.kind = parts[0]
        self.blob = from_base64(parts[1], "a key")
        self.fingerprint = "SHA256:" + base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")
        self.security_key = self.kind in _SK_TYPES
        self.application = b""
        reader = SshReader(self.blob)
        need(reader.string() == self.kind.encode(), "a key is not of the type it says")
        if self.kind in ("ssh-ed25519", _SK_TYPES[0]):
            self.public = reader.string()
            need(len(self.public) == 32, "an Ed25519 key is not of 32 octets")
        elif self.kind in _SSH_CURVES or self.kind == _SK_TYPES[1]:
            self.curve = _SSH_CURVES.get(self.kind, P256)
            need(
                reader.string().decode("ascii", "replace") == "nistp" + self.curve.name[2:], "a key names another curve"
            )
            self.public = reader.string()
            need(self.curve.point(self.public) is not None, "a key is not a point of its curve")
        elif self.kind == "ssh-rsa":
            self.e, self.n = reader.mpint(), reader.mpint()
            need(3072 <= self.n.bit_length() <= 16384, "an RSA key is not of 3072 to 16384 bits")
            need(self.e >= 3 and self.e & 1, "the exponent of an RSA key is not an odd number above 1")
        else:
            raise Bad("keys of type %s are not known" % plain(self.kind))
        if self.security_key:
            self.application = reader.string()
            need(self.application.startswith(b"ssh:"), "a security key is not for SSH")
        reader.end()

    @property
    def pair(self):
        """The public key itself, in whichever type it is written: one pair is one person's."""
        return "%x" % self.n if self.kind == "ssh-rsa" else self.public.hex()

    def verify(self, message, blob):
        """Check an SSH signature blob over a message. Raises Bad. Returns the flags of a security key, else None."""
        reader = SshReader(blob)
        kind, raw, flags = reader.string().decode("ascii", "replace"), reader.string(), None
        if self.security_key:
            flags = reader.take(1)
            counter = reader.take(4)
            need(flags[0] & 1, "the security key was not touched")
            message = hashlib.sha256(self.application).digest() + flags + counter + hashlib.sha256(message).digest()
        reader.end()
        if self.kind == "ssh-rsa":
            need(kind == "rsa-sha2-512", "an RSA signature is not rsa-sha2-512")
            size = (self.n.bit_length() + 7) // 8
            good = len(raw) <= size and verify_rsa(self.n, self.e, "sha512", message, raw.rjust(size, b"\x00"))
        else:
            need(kind == self.kind, "the signature is of another type than the key")
            if hasattr(self, "curve"):
                inner = SshReader(raw)
                r, s = inner.mpint(), inner.mpint()
                inner.end()
                good = self.curve.verify(self.public, _SSH_HASHES[self.curve.name], message, r, s)
            else:
                good = Ed25519.verify(self.public, message, raw)
        need(good, "the signature is not valid")
        return None if flags is None else flags[0]


def verify_sshsig(armored, key, namespace, message):
    """Check an armored SSHSIG with SHA-512 by exactly this key in exactly this namespace. Raises Bad."""
    lines = armored.replace("\r\n", "\n").strip("\n").split("\n")
    need(
        len(lines) >= 3 and lines[0] == "-----BEGIN SSH SIGNATURE-----" and lines[-1] == "-----END SSH SIGNATURE-----",
        "not an armored SSH signature",
    )
    need(len(armored) <= 65536, "an SSH signature is too long")
    data = from_base64("".join(lines[1:-1]), "an SSH signature")
    need(data[:6] == b"SSHSIG", "not an SSH signature")
    reader = SshReader(data[6:])
    need(reader.uint32() == 1, "an SSH signature of another version")
    need(reader.string() == key.blob, "signed with another key than the authority gives for this person")
    said = reader.string().decode("ascii", "replace")
    need(said == namespace, "signed for %s, not for %s" % (plain(said), namespace))
    need(reader.string() == b"", "an SSH signature with a reserved field")
    need(reader.string() == b"sha512", "an SSH signature not with sha512")
    blob = reader.string()
    reader.end()

    def string(piece):
        return len(piece).to_bytes(4, "big") + piece

    inner = b"SSHSIG" + string(namespace.encode()) + string(b"") + string(b"sha512")
    return key.verify(inner + string(hashlib.sha512(message).digest()), blob)


# =====================================================================================================================
# 5  DER and X.509: X.690 (definite, minimal lengths), RFC 5280, RFC 2986, RFC 7468
# =====================================================================================================================


class Der:
    """One element: tag octet, content, and its whole encoding."""

    __slots__ = ("content", "raw", "tag")

    def __init__(self, tag, content, raw):
        self.tag, self.content, self.raw = tag, content, raw

    def members(self):
        need(self.tag & 0x20, "DER: a primitive element where a constructed one must be")
        found, at = [], 0
        while at < len(self.content):
            element, at = read_der(self.content, at)
            found.append(element)
        return found


def read_der(data, at=0):
    """The element at an offset and the offset after it. Raises Bad."""
    need(at + 2 <= len(data), "DER is cut short")
    tag, length, start = data[at], data[at + 1], at + 2
    need(tag & 0x1F != 0x1F, "DER: a tag number above 30")
    if length >= 0x80:
        count = length & 0x7F
        need(1 <= count <= 4 and start + count <= len(data), "DER: a length that is indefinite or too long")
        length = int.from_bytes(data[start : start + count], "big")
        need(length >= 0x80 and length >> 8 * (count - 1), "DER: a length that is not minimal")
        start += count
    need(start + length <= len(data), "DER is cut short")
    return Der(tag, data[start : start + length], data[at : start + length]), start + length


def one_der(data, tag, what):
    element, end = read_der(data)
    need(end == len(data), "%s has octets after its end" % what)
    need(element.tag == tag, "%s is not of its DER type" % what)
    return element


def der(tag, content):
    """Encode one element; used only to put a signature behind bytes that were signed."""
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def der_integer(element, what):
    data = element.content
    need(element.tag == 2 and data, "%s is not an integer" % what)
    need(
        len(data) == 1 or not ((data[0] == 0 and data[1] < 128) or (data[0] == 255 and data[1] >= 128)),
        "%s is not minimal" % what,
    )
    return int.from_bytes(data, "big", signed=True)


def der_oid(element):
    need(element.tag == 6 and element.content and element.content[-1] < 128, "DER: not an object identifier")
    numbers, value, fresh = [], 0, True
    for octet in element.content:
        need(not (fresh and octet == 0x80), "DER: an object identifier that is not minimal")
        value, fresh = value << 7 | octet & 0x7F, octet < 128
        need(value < 1 << 64, "DER: an object identifier out of bounds")
        if fresh:
            numbers.append(value)
            value = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, [first, numbers[0] - 40 * first, *numbers[1:]]))


def der_bits(element, what):
    need(element.tag == 3 and element.content[:1] == b"\x00", "%s is not a bit string of whole octets" % what)
    return element.content[1:]


def der_time(element, old=False):
    """Seconds since 1970 of a UTCTime or GeneralizedTime as RFC 5280 4.1.2.5 writes them.

    What is `old` may have a GeneralizedTime in every year: before RFC 3280 nothing forbade it.
    """
    text = element.content.decode("ascii", "replace")
    if element.tag == 0x17 and re.match(r"\d{12}Z\Z", text, re.ASCII):
        text = ("19" if int(text[:2]) >= 50 else "20") + text
    else:
        need(element.tag == 0x18 and re.match(r"\d{14}Z\Z", text, re.ASCII), "DER: not a time of RFC 5280")
        need(old or int(text[:4]) >= 2050, "DER: a time before 2050 that is not a UTCTime")
    return int((_calendar(text, "%Y%m%d%H%M%SZ") - _EPOCH).total_seconds())


OID_SKI, OID_AKI, OID_BASIC, OID_USAGE = "2.5.29.14", "2.5.29.35", "2.5.29.19", "2.5.29.15"
OID_CRL_NUMBER, OID_REASON = "2.5.29.20", "2.5.29.21"


def _pss_identifier(number, salt):
    """RSASSA-PSS-params of RFC 4055 3.1 with the hash, MGF1 of the same, and the length of the salt."""
    digest = "300d060960864801650304020%d0500" % number
    return "304106092a864886f70d01010a3034a00f%sa11c301a06092a864886f70d010108%sa2030201%02x" % (digest, digest, salt)


SIGNATURES = {  # spec/script.md: name -> AlgorithmIdentifier (RFC 4055, RFC 5758, RFC 8410, RFC 9881), scheme, hash
    "rsa-pkcs1-sha256": ("300d06092a864886f70d01010b0500", "rsa", "sha256"),
    "rsa-pkcs1-sha384": ("300d06092a864886f70d01010c0500", "rsa", "sha384"),
    "rsa-pkcs1-sha512": ("300d06092a864886f70d01010d0500", "rsa", "sha512"),
    "rsa-pss-sha256": (_pss_identifier(1, 32), "pss", "sha256"),
    "rsa-pss-sha384": (_pss_identifier(2, 48), "pss", "sha384"),
    "rsa-pss-sha512": (_pss_identifier(3, 64), "pss", "sha512"),
    "ecdsa-sha256": ("300a06082a8648ce3d040302", "ec", "sha256"),
    "ecdsa-sha384": ("300a06082a8648ce3d040303", "ec", "sha384"),
    "ecdsa-sha512": ("300a06082a8648ce3d040304", "ec", "sha512"),
    "ed25519": ("300506032b6570", "ed25519", ""),
    "ed448": ("300506032b6571", "ed448", ""),
    "ml-dsa-44": ("300b0609608648016503040311", "ml-dsa-44", ""),
    "ml-dsa-65": ("300b0609608648016503040312", "ml-dsa-65", ""),
    "ml-dsa-87": ("300b0609608648016503040313", "ml-dsa-87", ""),
}
_BY_IDENTIFIER = {bytes.fromhex(row[0]): row[1:] for row in SIGNATURES.values()}
_KEY_ALGORITHMS = {
    bytes.fromhex("300d06092a864886f70d0101010500"): "rsa",
    bytes.fromhex("301306072a8648ce3d020106082a8648ce3d030107"): P256,
    bytes.fromhex("301006072a8648ce3d020106052b81040022"): P384,
    bytes.fromhex("301006072a8648ce3d020106052b81040023"): P521,
    **{bytes.fromhex(SIGNATURES[name][0]): name for name in BARE},  # keys and signatures share the identifier
}


class PublicKey:
    """A SubjectPublicKeyInfo."""

    def __init__(self, spki):
        self.der = spki
        algorithm, bits = exactly(one_der(spki, 0x30, "a public key").members(), 2, "a public key")
        self.algorithm = _KEY_ALGORITHMS.get(algorithm.raw)
        need(self.algorithm is not None, "a public key of an algorithm that this verifier does not know")
        self.bits = der_bits(bits, "a public key")
        if self.algorithm == "rsa":
            numbers = exactly(one_der(self.bits, 0x30, "an RSA key").members(), 2, "an RSA key")
            self.n, self.e = (der_integer(number, "an RSA key") for number in numbers)
            need(self.n > 0 and self.e > 0, "an RSA key with a negative number")
            self.name = "rsa%d" % self.n.bit_length()
        elif self.algorithm in BARE:
            scheme = BARE[self.algorithm]
            good = len(self.bits) == scheme.key_size if isinstance(scheme, MlDsa) else scheme.of_prime_order(self.bits)
            need(good, "a key that is none of %s" % self.algorithm)
            self.name = self.algorithm.replace("-", "")
        else:
            need(self.algorithm.point(self.bits), "a public key that is not a point of its curve")
            self.name = self.algorithm.name.replace("-", "").lower()

    @property
    def digest(self):
        return digest_of(self.der)

    @property
    def is_stand_in(self):
        """The keys of templates (spec/templates.md): generators, the RSA modulus 2^size - 1, an ML-DSA key of zeros."""
        if isinstance(self.algorithm, Curve):
            return self.algorithm.point(self.bits)[0] == self.algorithm.g[0]
        if self.algorithm in ("ed25519", "ed448"):
            scheme = BARE[self.algorithm]
            return scheme.point(self.bits)[1] == scheme.point(scheme.BASE)[1]
        if self.algorithm in BARE:
            return not any(self.bits[32:])
        return self.algorithm == "rsa" and (self.n & (self.n + 1) == 0 or self.n % 3 == 0)

    @property
    def is_usable(self):
        """Whether signatures by it can be valid: an RSA key of the form that `rsa_block` takes, any other point."""
        return self.algorithm != "rsa" or (self.n % 2 and self.e % 2 and self.e >= 3 and self.n.bit_length() >= 2048)

    def is_of_type(self, text):
        """Whether a planned key type, in any usual spelling (rsa-4096, ec-p384, secp384r1, ed25519), is this one."""
        short = re.sub(r"[^a-z0-9]", "", text.lower())
        short = re.sub(r"^(ecdsa|ec)(?=.)", "", short)
        names = {
            "secp256r1": "p256",
            "prime256v1": "p256",
            "secp384r1": "p384",
            "secp521r1": "p521",
            "nistp256": "p256",
        }
        names.update({"nistp384": "p384", "nistp521": "p521"})
        return names.get(short, short) == self.name

    def verify(self, algorithm, message, signature):
        """Raises Bad unless the signature, under this AlgorithmIdentifier, is valid."""
        known = _BY_IDENTIFIER.get(algorithm)
        need(known is not None, "a signature algorithm that this verifier does not know")
        kind, hash_name = known
        if kind in ("rsa", "pss") and self.algorithm == "rsa":
            check = verify_rsa if kind == "rsa" else verify_pss
            good = check(self.n, self.e, hash_name, message, signature)
        elif kind == "ec" and isinstance(self.algorithm, Curve):
            numbers = exactly(one_der(signature, 0x30, "an ECDSA signature").members(), 2, "an ECDSA signature")
            r, s = (der_integer(number, "an ECDSA signature") for number in numbers)
            good = self.algorithm.verify(self.bits, hash_name, message, r, s)
        elif kind == self.algorithm:
            good = BARE[kind].verify(self.bits, message, signature)
        else:
            raise Bad("the signature algorithm does not fit the key")
        need(good, "the signature is not valid under the key")

    def planned_algorithm(self, name):
        """The AlgorithmIdentifier of the algorithm that an operation names, else of the default of this key."""
        if not name and isinstance(self.algorithm, Curve):
            name = {"p256": "ecdsa-sha256", "p384": "ecdsa-sha384", "p521": "ecdsa-sha512"}[self.name]
        elif not name and self.algorithm == "rsa":
            name = "rsa-pkcs1-sha384" if self.n.bit_length() >= 4096 else "rsa-pkcs1-sha256"
        return bytes.fromhex(SIGNATURES[name or self.algorithm][0])

    def key_identifiers(self):
        """The identifiers of RFC 5280 4.2.1.2 (1) and RFC 7093 2."""
        found = {hashlib.sha1(self.bits).digest()}
        for name in ("sha256", "sha384", "sha512"):
            found.add(hashlib.new(name, self.bits).digest()[:20])
        found.add(hashlib.sha256(self.bits).digest())
        found.add(hashlib.sha256(self.der).digest())
        return found


class UnknownKey(PublicKey):
    """A key of another kind in something that others made: it has a name, its digest, and verifies nothing here."""

    def __init__(self, spki):
        _, bits = exactly(one_der(spki, 0x30, "a public key").members(), 2, "a public key")
        self.der, self.bits, self.algorithm, self.name = spki, bits.content[1:], None, ""

    def planned_algorithm(self, name):
        raise Bad("a key of an algorithm that this verifier does not know signs nothing here")


def key_of_others(spki):
    try:
        return PublicKey(spki)
    except Bad:
        return UnknownKey(spki)


def exactly(members, count, what):
    need(len(members) == count, "%s has not %d members" % (what, count))
    return members


_NAME_TYPES = {
    "2.5.4.3": "CN", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.9": "STREET", "2.5.4.10": "O",
    "2.5.4.11": "OU", "0.9.2342.19200300.100.1.1": "UID", "0.9.2342.19200300.100.1.25": "DC",
}  # fmt: skip
_STRING_TYPES = {0x0C: "utf-8", 0x13: "ascii", 0x16: "ascii", 0x14: "latin-1", 0x1E: "utf-16-be", 0x1C: "utf-32-be"}


def name_line(data):
    """A Name as intents write it, in printable ASCII: spec/statements.md, after RFC 4514."""
    rdns = []
    for rdn in reversed(one_der(data, 0x30, "a name").members()):
        need(rdn.tag == 0x31, "a name is not of its form")
        parts = (exactly(one.members(), 2, "an attribute of a name") for one in rdn.members())
        rdns.append("+".join("%s=%s" % (_name_type(oid), _name_text(value)) for oid, value in parts))
    return ",".join(rdns)


def _name_type(element):
    oid = der_oid(element)
    return _NAME_TYPES.get(oid, oid)


def _name_text(value):
    try:
        text = value.content.decode(_STRING_TYPES[value.tag])
    except (KeyError, UnicodeDecodeError):
        return "#" + value.raw.hex()
    said = []
    for at, one in enumerate(text):
        edge = one == " " and at in (0, len(text) - 1)
        if not " " <= one <= "~":
            said += ["\\%02x" % octet for octet in one.encode()]
        else:
            said.append("\\" + one if one in '"+,;<=>\\' or edge or (one == "#" and at == 0) else one)
    return "".join(said)


def read_extensions(element):
    """[(oid, critical, value)] of a SEQUENCE OF Extension; no oid twice."""
    found = []
    for entry in element.members():
        parts = entry.members()
        critical = False
        if len(parts) == 3:
            need(parts[1].raw == b"\x01\x01\xff", "an extension says critical in another form than TRUE")
            critical = True
        need(len(parts) in (2, 3) and parts[-1].tag == 4, "an extension is not of its form")
        found.append((der_oid(parts[0]), critical, parts[-1].content))
    no_twins([oid for oid, _, _ in found], "extensions")
    need(found, "an empty list of extensions")
    return found


def read_ski(value):
    return one_der(value, 4, "a subject key identifier").content


def read_aki(value, old=False):
    """The keyIdentifier. One that names a certificate is not ours; what is `old` may have it, or that name alone."""
    parts = one_der(value, 0x30, "an authority key identifier").members()
    if old:
        return next((part.content for part in parts if part.tag == 0x80), None)
    exactly(parts, 1, "an authority key identifier")
    need(parts[0].tag == 0x80, "an authority key identifier without a key identifier")
    return parts[0].content


class Signed:
    """What certificates, CRLs and requests share: SEQUENCE { to be signed, algorithm, BIT STRING }."""

    def __init__(self, data, what):
        parts = exactly(one_der(data, 0x30, what).members(), 3, what)
        self.der, self.tbs, self.outer = data, parts[0].raw, parts[1].raw
        self.signature = der_bits(parts[2], "the signature of %s" % what)


class CertificateTbs:
    """The to-be-signed part of an X.509 v3 certificate: RFC 5280 4.1.

    `old`: others made it, perhaps before there were such rules. It is read as it is, and only for what it says.
    """

    def __init__(self, data, old=False):
        parts = one_der(data, 0x30, "a certificate").members()
        if old:
            parts = self._fields_of_old(parts)
        need(
            len(parts) == 8 and parts[0].raw == bytes.fromhex("a003020102"),
            "not a version 3 certificate with extensions only",
        )
        need(parts[7].tag == 0xA3, "a certificate has a field that it must not have")
        self.fields = dict(
            zip(("version", "serial", "algorithm", "issuer", "validity", "subject", "spki"), parts)  # noqa: B905 (Python 3.9)
        )
        self.serial = der_integer(parts[1], "a serial number")
        need(old or 0 < self.serial < 1 << 159, "a serial number is not positive and of at most 20 octets")
        self.algorithm, self.issuer, self.subject = parts[2].raw, parts[3].raw, parts[5].raw
        for name in (parts[3], parts[5]):
            need(name.tag == 0x30, "a name in a certificate is not a sequence")
        self.not_before, self.not_after = (der_time(t, old) for t in exactly(parts[4].members(), 2, "a validity"))
        self.key = key_of_others(parts[6].raw) if old else PublicKey(parts[6].raw)
        self.extensions = read_extensions(one_der(parts[7].content, 0x30, "extensions"))
        self.values = {oid: value for oid, _, value in self.extensions}
        self._read_values(self.values, old)

    @staticmethod
    def _fields_of_old(parts):
        """The fields without the unique identifiers of RFC 5280 4.1.2.8, which CAs have long ceased to write."""
        return [part for at, part in enumerate(parts) if at < 7 or part.tag not in (0x81, 0x82)]

    def _read_values(self, values, old):
        self.ski = read_ski(values[OID_SKI]) if OID_SKI in values else None
        self.aki = read_aki(values[OID_AKI], old) if OID_AKI in values else None
        self.is_ca = False
        if OID_BASIC in values:
            basic = one_der(values[OID_BASIC], 0x30, "basic constraints").members()
            self.is_ca = bool(basic) and basic[0].raw == b"\x01\x01\xff"
        self.usage = b""
        if OID_USAGE in values:
            self.usage = one_der(values[OID_USAGE], 3, "key usage").content

    @property
    def signs_certificates(self):
        return len(self.usage) > 1 and bool(self.usage[1] & 0x04)


class CrlTbs:
    """The to-be-signed part of a version 2 CRL: RFC 5280 5.1. `old`: others made it, and it is read as it is."""

    def __init__(self, data, old=False):
        parts = one_der(data, 0x30, "a CRL").members()
        need(
            len(parts) in (6, 7) and parts[0].raw == b"\x02\x01\x01",
            "not a version 2 CRL with a next update and extensions",
        )
        need(parts[-1].tag == 0xA0 and parts[2].tag == 0x30, "a CRL has a field that it must not have")
        self.fields = dict(zip(("version", "algorithm", "issuer", "this-update", "next-update"), parts))  # noqa: B905 (Python 3.9)
        self.fields["entries"] = parts[5] if len(parts) == 7 else None
        self.algorithm, self.issuer = parts[1].raw, parts[2].raw
        self.this_update, self.next_update = der_time(parts[3], old), der_time(parts[4], old)
        self.entries = {}  # serial -> (date, reason or None)
        if len(parts) == 7:
            listed = one_der(parts[5].raw, 0x30, "the entries of a CRL").members()
            need(listed, "an empty list of CRL entries")
            for entry in listed:
                self._entry(entry.members(), old)
        self.extensions = read_extensions(one_der(parts[-1].content, 0x30, "extensions"))
        values = {oid: value for oid, _, value in self.extensions}
        self.aki = read_aki(values[OID_AKI], old) if OID_AKI in values else None
        need(OID_CRL_NUMBER in values, "a CRL without a number")
        self.number = der_integer(one_der(values[OID_CRL_NUMBER], 2, "a CRL number"), "a CRL number")

    def _entry(self, parts, old):
        need(len(parts) in (2, 3), "a CRL entry is not of its form")
        serial = der_integer(parts[0], "a serial number")
        need(old or serial not in self.entries, "a CRL names a serial number twice")
        reason = None
        if len(parts) == 3:
            for oid, _, value in read_extensions(parts[2]):
                if oid == OID_REASON:
                    octets = one_der(value, 0x0A, "a reason").content
                    need(len(octets) == 1, "a reason is not of one octet")
                    reason = octets[0]
        self.entries.setdefault(serial, (der_time(parts[1], old), reason))  # of two the first one is carried over


class RequestTbs:
    """The to-be-signed part of a PKCS#10 request without attributes: RFC 2986 4.1."""

    def __init__(self, data):
        parts = one_der(data, 0x30, "a certification request").members()
        need(len(parts) == 4 and parts[0].raw == b"\x02\x01\x00", "not a version 1 certification request")
        need(parts[1].tag == 0x30, "a name in a request is not a sequence")
        need(parts[3].raw == b"\xa0\x00", "a request that asks for more than a name and a key")
        self.fields = dict(zip(("version", "subject", "spki", "attributes"), parts))  # noqa: B905 (Python 3.9)
        self.extensions, self.subject, self.key = [], parts[1].raw, PublicKey(parts[2].raw)


class OcspTbs:
    """What a responder signs about one certificate, without extensions: RFC 6960 4.2.1."""

    def __init__(self, data):
        parts = exactly(one_der(data, 0x30, "an OCSP response").members(), 3, "an OCSP response")
        need(parts[0].tag in (0xA1, 0xA2), "an OCSP response without a responder")
        self.by_key = parts[0].tag == 0xA2
        self.responder = one_der(parts[0].content, 4, "a key hash").content if self.by_key else parts[0].content
        answers = exactly(one_der(parts[2].raw, 0x30, "the answers").members(), 1, "the list of answers")
        answer = exactly(answers[0].members(), 4, "the answer of an OCSP response")
        about = exactly(answer[0].members(), 4, "a certificate id")
        need(about[0].raw == bytes.fromhex("300906052b0e03021a0500"), "a certificate id that is not hashed with SHA-1")
        self.name_hash, self.key_hash = (one_der(one.raw, 4, "a hash").content for one in about[1:3])
        self.serial = der_integer(about[3], "a serial number")
        self.status, self.revoked = self._status(answer[1])
        self.this_update = ocsp_time(answer[2])
        need(answer[3].tag == 0xA0, "an OCSP response without a next update")
        self.next_update = ocsp_time(one_der(answer[3].content, 0x18, "a time"))
        need(ocsp_time(parts[1]) == self.this_update, "was not produced at its this-update")
        self.extensions = []
        names = ("responder", "produced-at", "certificate-id", "status", "this-update", "next-update")
        self.fields = dict(zip(names, (*parts[:2], *answer)))  # noqa: B905 (Python 3.9)

    @staticmethod
    def _status(element):
        """The status, and of a revoked certificate (date, number of the reason or None)."""
        if element.raw == b"\x80\x00":
            return "good", None
        need(element.tag == 0xA1, "a status that is neither good nor revoked")
        parts = element.members()
        need(len(parts) in (1, 2), "a status that is not of its form")
        reason = None
        if len(parts) == 2:
            need(parts[1].tag == 0xA0, "a status that is not of its form")
            reason = one_der(parts[1].content, 0x0A, "a reason").content
            need(len(reason) == 1, "a reason is not of one octet")
        return "revoked", (ocsp_time(parts[0]), reason[0] if reason else None)


def ocsp_time(element):
    """Seconds since 1970 of a GeneralizedTime, which OCSP writes in every year."""
    text = element.content.decode("ascii", "replace")
    need(element.tag == 0x18 and re.match(r"\d{14}Z\Z", text, re.ASCII), "DER: not a time of RFC 6960")
    return int((_calendar(text, "%Y%m%d%H%M%SZ") - _EPOCH).total_seconds())


def ocsp_response(tbs, algorithm, signature, beside):
    """The successful response around what was signed: RFC 6960 4.2.1."""
    certificates = der(0xA0, der(0x30, b"".join(beside))) if beside else b""
    basic = der(0x30, tbs + algorithm + der(3, b"\x00" + signature) + certificates)
    content = der(0x30, bytes.fromhex("06092b0601050507300101") + der(4, basic))
    return der(0x30, b"\x0a\x01\x00" + der(0xA0, content))


def read_certificate(data, old=True):
    """One that others made, or, if not `old`, one that is made here and keeps to the rules."""
    outer = Signed(from_pem(data, "CERTIFICATE"), "a certificate")
    tbs = CertificateTbs(outer.tbs, old)
    need(outer.outer == tbs.algorithm, "a certificate names two signature algorithms")
    tbs.signature, tbs.signed, tbs.whole = outer.signature, outer.tbs, outer.der
    return tbs


def read_crl(data, old=True):
    """One that others made, or, if not `old`, one that is made here and keeps to the rules."""
    outer = Signed(from_pem(data, "X509 CRL"), "a CRL")
    tbs = CrlTbs(outer.tbs, old)
    need(outer.outer == tbs.algorithm, "a CRL names two signature algorithms")
    tbs.signature, tbs.signed = outer.signature, outer.tbs
    return tbs


def read_request(data):
    """The public key and subject of a PKCS#10 request, its own signature checked: RFC 2986 4."""
    outer = Signed(from_pem(data, "CERTIFICATE REQUEST"), "a certification request")
    parts = one_der(outer.tbs, 0x30, "a certification request").members()
    need(len(parts) == 4 and parts[0].raw == b"\x02\x01\x00" and parts[3].tag == 0xA0, "not a certification request")
    key = PublicKey(parts[2].raw)
    key.verify(outer.outer, outer.tbs, outer.signature)
    return key, parts[1].raw


def pem_of(data, label):
    text = base64.b64encode(data).decode()
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return ("-----BEGIN %s-----\n%s\n-----END %s-----\n" % (label, "\n".join(lines), label)).encode()


def from_pem(data, label):
    """DER as it is, or the one block of this label."""
    if not data.startswith(b"-----BEGIN "):
        return data
    text = data.decode("ascii", "replace").replace("\r\n", "\n").rstrip("\n").split("\n")
    need(
        text[0] == "-----BEGIN %s-----" % label and text[-1] == "-----END %s-----" % label,
        "not a PEM block of %s" % label,
    )
    try:
        return base64.b64decode("".join(text[1:-1]), validate=True)
    except (ValueError, binascii.Error):
        raise Bad("a PEM block is not base64") from None


# =====================================================================================================================
# 6  Statements: spec/statements.md
# =====================================================================================================================


def statement_text(kind, mode, context, own=()):
    """The one text of a statement. A line without a value is left out. Raises Bad when a value is not plain ASCII.

    context: authority ceremony script step attempt transcript window signer role; own: the (name, value) lines.
    """
    lines = [("type", kind), ("format", FORMAT), ("mode", mode)]
    lines += [(name, context.get(name, "")) for name in ("authority", "ceremony", "script", "step", "attempt")]
    lines += list(own)
    lines += [(name, context.get(name, "")) for name in ("transcript", "window", "signer", "role")]
    text = []
    for name, value in lines:
        value = str(value)
        need(value.isascii() and value.isprintable(), "the line %s of a statement is not plain ASCII" % name)
        if value:
            text.append("%s: %s\n" % (name, value))
    return "".join(text)


def namespace_of(kind, mode):
    return "quorate-%s%s-v1" % ("rehearsal-" if mode == "rehearsal" else "", kind)


def first_difference(signed, expected):
    """Name the first line in which a signed text is not the expected one."""
    ours, theirs = expected.split("\n"), signed.split("\n")
    for mine, other in itertools.zip_longest(ours, theirs, fillvalue="(nothing)"):
        if mine != other:
            return "signed `%s`, must be `%s`" % (plain(other, 90), plain(mine, 90))
    return "another text"


def described(operation):
    """What an intent says of an issued object beside its digest: spec/statements.md."""
    first = [("profile", operation.get("profile", ""))]
    if operation["kind"] in ("cross-csr", "reissue", "ocsp-responder", "ocsp-response"):
        first.append(("subject", name_line(bytes.fromhex(operation["subject"]))))
    if operation["kind"] == "ocsp-response":
        first += [("serial", operation["serial"]), ("status", operation["status"])]
    return [*first, ("signature-algorithm", operation.get("signature", ""))]


def lines_of(own):
    return "".join("%s: %s\n" % line for line in own if str(line[1])).encode("ascii", "replace")


class Signatures:
    """Checks signatures of people against the state in force, and that none is used twice."""

    def __init__(self):
        self.seen = {}
        self.keys = {}

    def key(self, text):
        if text not in self.keys:
            self.keys[text] = SshKey(text)
        return self.keys[text]

    def check(self, person, kind, mode, context, own, statement, armored, where):
        """Raises Bad unless `armored` is this person's signature on exactly the statement built here."""
        need(person["key"], "%s: %s has no key" % (where, person["id"]))
        try:
            key = self.key(person["key"])
            context = dict(context, signer="%s %s" % (person["id"], key.fingerprint))
            expected = statement_text(kind, mode, context, own)
            need(statement == expected, first_difference(statement, expected))
            flags = verify_sshsig(armored, key, namespace_of(kind, mode), expected.encode("ascii"))
        except Bad as bad:
            raise Bad("%s: %s by %s: %s" % (where, kind, person["id"], bad)) from None
        need(
            expected not in self.seen,
            "%s: %s signed this already, at %s" % (where, person["id"], self.seen.get(expected)),
        )
        self.seen[expected] = where
        return key, flags


def current(person, role, day):
    """Whether a person is appointed to a role on a UTC day, both ends included."""
    return any(
        a["role"] == role and a["since"] <= day and (not a["until"] or day <= a["until"])
        for a in person["appointments"]
    )


# =====================================================================================================================
# 7  The folder: spec/record.md 1 and 2
# =====================================================================================================================

UNNAMED = ("transcript.jsonl", "checkpoint", "SHA256SUMS")
UNNAMED_FOLDERS = ("cosignatures/", "after/")
OPENED_FILES = ("plan.toml", "script.json", "script.txt", "script.pdf", "quorate_verify.py")
OPENED_FOLDERS = ("authority/", "approvals/", "inputs/", "drafts/")
HELD_FOLDERS = (*OPENED_FOLDERS, "artifacts/", "cosignatures/")


def safe_path(path):
    """A relative path of plain components, as records name files. Raises Bad."""
    need(type(path) is str and 0 < len(path) <= 400, "a path is empty or too long")
    for part in path.split("/"):
        need(PART.match(part), "the path %s is not of plain names" % plain(path))
    return path


class Folder:
    """Every file below a record folder: its digest, and the content of those that are read. No link is followed."""

    def __init__(self, root):
        self.root = root
        self.digests = {}
        self.contents = {}
        self.problems = []
        self.held = 0
        self._walk("", 0)

    def _problem(self, path, text):
        self.problems.append("%s: %s" % (plain(path) or ".", text))

    def _walk(self, prefix, depth):
        try:
            with os.scandir(os.path.join(self.root, prefix) if prefix else self.root) as entries:
                names = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            return self._problem(prefix, "cannot be listed (%s)" % error.strerror)
        for entry in names:
            path = prefix + entry.name
            if len(self.digests) >= MAX_FILES or depth > MAX_DEPTH_OF_FOLDERS:
                return self._problem(path, "too many files or folders")
            try:
                if not PART.match(entry.name) and not prefix.startswith("after/"):
                    self._problem(path, "a name that no record has")
                elif entry.is_symlink():
                    self._problem(path, "a symbolic link")
                elif entry.is_dir(follow_symlinks=False):
                    self._walk(path + "/", depth + 1)
                elif entry.is_file(follow_symlinks=False):
                    self._read(path)
                else:
                    self._problem(path, "neither a file nor a folder")
            except OSError as error:
                self._problem(path, "cannot be read (%s)" % error.strerror)
        return None

    def _read(self, path):
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        handle = os.open(os.path.join(self.root, path), flags)
        with os.fdopen(handle, "rb") as file:
            facts = os.fstat(file.fileno())
            if not stat.S_ISREG(facts.st_mode):
                return self._problem(path, "neither a file nor a folder")
            if facts.st_size > (MAX_TRANSCRIPT if path == "transcript.jsonl" else MAX_FILE):
                return self._problem(path, "too large")
            keep = path in OPENED_FILES[:3] + UNNAMED[:2] or path.startswith(HELD_FOLDERS)
            if path == "transcript.jsonl":
                self.contents[path] = file.read(MAX_TRANSCRIPT)
                self.digests[path] = digest_of(self.contents[path])
                return None
            hasher, pieces = hashlib.sha256(), []
            keep = keep and facts.st_size <= MAX_HELD and self.held + facts.st_size <= MAX_HELD_IN_ALL
            while True:
                piece = file.read(1 << 20)
                if not piece:
                    break
                hasher.update(piece)
                if keep:
                    pieces.append(piece)
            if keep:
                self.contents[path] = b"".join(pieces)
                self.held += len(self.contents[path])
            self.digests[path] = "sha256:" + hasher.hexdigest()
        return None

    def get(self, path):
        """The content of a file. Raises Bad when it is not there."""
        need(path in self.digests, "%s is missing or unreadable" % plain(path))
        need(path in self.contents, "%s is too large to be read" % plain(path))
        return self.contents[path]

    def text(self, path):
        try:
            return self.get(path).decode("ascii")
        except UnicodeDecodeError:
            raise Bad("%s is not ASCII" % plain(path)) from None

    def below(self, prefix):
        return [path for path in self.digests if path.startswith(prefix)]

    def signed_pairs(self, prefix):
        """[(stem, statement text, armored signature)] of STEM.statement and STEM.sig below a folder."""
        stems = {}
        for path in self.below(prefix):
            stem, _dot, ending = path[len(prefix) :].rpartition(".")
            if ending in ("statement", "sig"):
                need("/" not in stem and stem, "%s is in a folder too deep" % path)
                stems.setdefault(stem, set()).add(ending)
        for stem, endings in stems.items():
            need(len(endings) == 2, "%s%s has a statement without a signature or the reverse" % (prefix, stem))
        return [
            (stem, self.text(prefix + stem + ".statement"), self.text(prefix + stem + ".sig")) for stem in sorted(stems)
        ]


# =====================================================================================================================
# 8  The transcript: spec/transcript.md
# =====================================================================================================================

_FILES = [{"digest": SHA, "path": TEXT}]
_CALLS = [[(TEXT, WHOLE)]]
_SEATS = [TEXT]
_VALUES = [{"seat": TEXT, "value": TEXT}]
MADE = ("hardware", "detached", "agent", "file", "stand-in")
SIGNATURE = {
    "made": Words("hardware, detached, agent, file or stand-in", MADE),
    "person": ID,
    "seat": ID,
    "signature": TEXT,
    "statement": TEXT,
}
SHARE_SET = {
    "commitments": [{"commitment": TEXT, "index": WHOLE, "person": ID, "salt": TEXT, "seat": ID}],
    "count": WHOLE,
    "id": ID,
    "secret": {"commitment": TEXT, "salt": TEXT},
    "threshold": WHOLE,
}
# Findings whose clause leaves room; signature, continuity and MUST failures are never waived: spec/plan.md
WAIVABLE = set(
    """
    cert.access_missing cert.crl_points cert.cross_existing cert.cross_expired cert.cross_path_length
    cert.extension_unlisted cert.name_unusual cert.outlives_issuer cert.path_length_beyond cert.policy_order
    cert.policy_qualifiers cert.purposes_missing cert.purposes_of_issuer cert.reissued cert.root_crl_url
    cert.root_days_programme cert.root_path_length cert.root_policies cert.subordinate_days
    cert.subordinate_path_length crl.entry_ca_compromise crl.entry_changed crl.entry_extension crl.entry_itself
    crl.entry_no_authority crl.entry_unknown crl.extension_unlisted crl.outlives_issuer crl.previous_missing
    crl.scope key.exponent_range key.modulus_huge
    """.split()
)

# the finding of a linter is called after the tool and the tool's own name for its rule: spec/rules.md
LINT_NAME = re.compile(r"lint\.(pkilint|zlint)/[A-Za-z0-9._-]{1,200}\Z")
LINTERS = [Words("a linter", ("pkilint", "zlint"))]

_FINDINGS = [{"code": TEXT, "severity": TEXT, "text": TEXT, "waived": TRUTH}]
_COMPLETED = {"attempt": WHOLE, "calls": _CALLS, "operation": ID}

EVENTS = {
    "opened": {
        "authority": {"genesis": SHA, "name": ID, "state": SHA},
        "ceremony": ID,
        "files": _FILES,
        "format": Words(FORMAT, (FORMAT,)),
        "host": MAP_OF_TEXT,
        "mode": Words("real or rehearsal", ("real", "rehearsal")),
        "predecessor": Words("a digest or `genesis`", re.compile(r"(sha256:[0-9a-f]{64}|genesis)\Z")),
        "software": MAP_OF_TEXT,
    },
    "arrived": {"person": ID, "seat": ID, "signatures": [SIGNATURE]},
    "left": {"by": TEXT, "seat": TEXT},
    "acknowledged": {"by": _SEATS},
    "compared": {"values": _VALUES},
    "mismatched": {"values": _VALUES},
    "observed": {"facts": MAP_OF_TEXT, "findings": [{"level": TEXT, "name": TEXT, "text": TEXT}], "what": TEXT},
    "moved": {
        "action": TEXT,
        "by": _SEATS,
        "item": TEXT,
        "left": [TEXT],
        "log": TEXT,
        "place": TEXT,
        "seal": TEXT,
        "values": _VALUES,
    },
    "shared": {"operation": ID, "set": SHARE_SET, "subsets": WHOLE},
    "unlocked": {"by": _SEATS, "calls": _CALLS, "credential": TEXT, "serial": TEXT, "set": TEXT, "token": TEXT},
    "refused": {"code": TEXT, "seat": TEXT, "what": TEXT},
    "locked": {"calls": _CALLS, "token": TEXT},
    "drafted": {"digest": SHA, "findings": _FINDINGS, "operation": ID, "tbs": TEXT},
    "linted": {
        "digest": SHA,
        "findings": _FINDINGS,
        "object": Words("draft or finished", ("draft", "finished")),
        "operation": ID,
        "tools": [{"name": LINTERS[0], "version": TEXT}],
    },
    "approved": {"operation": ID, "signature": SIGNATURE},
    "commanded": {"attempt": WHOLE, "operation": ID, "seat": TEXT, "words": TEXT},
    "intended": {"attempt": WHOLE, "digest": SHA, "operation": ID},
    "completed": (
        dict(_COMPLETED, signature=TEXT),
        dict(_COMPLETED, credential=TEXT),
        dict(_COMPLETED, signatures=[TEXT]),
        dict(_COMPLETED, object=OCTETS),
        dict(_COMPLETED, attributes=ANY, object=OCTETS, signature=TEXT),
        dict(_COMPLETED, attributes=ANY, object=OCTETS, spki=TEXT),
    ),
    "settled": dict(
        _COMPLETED, outcome=Words("lost, failed, destroyed or absent", ("lost", "failed", "destroyed", "absent"))
    ),
    "written": {"files": _FILES, "findings": _FINDINGS, "operation": TEXT},
    "checkpoint": {"root": ROOT, "size": WHOLE},
    "cosigned": {"signature": SIGNATURE},
    "deviated": {"impact": TEXT, "signatures": [SIGNATURE], "skip": TRUTH, "what": TEXT, "why": TEXT},
    "paused": {"why": TEXT},
    "suspended": {"signatures": [SIGNATURE], "why": TEXT},
    "aborted": {"signatures": [SIGNATURE], "why": TEXT},
    "resumed": {
        "after": Words("interruption, pause or suspension", ("interruption", "pause", "suspension")),
        "torn": (None, {"digest": SHA, "path": TEXT}),
    },
    "fault": {"error": TEXT, "where": TEXT},
    "closed": {"outcome": Words("completed or aborted", ("completed", "aborted"))},
}
MAY_BE_WITHHELD = ("mismatched", "observed", "shared", "refused", "fault")
SET_ID = re.compile(r"[0-9a-f]{4}\Z")
SALT = re.compile(r"[0-9a-f]{32}\Z")
COMMITMENT = re.compile(r"[0-9a-f]{64}\Z")
_FULL = {"at", "body", "salt", "seq", "step", "type"}
_COMMITTED = {"at", "commitment", "seq", "step", "type"}


class Event:
    """One event: seq, at (text), millis, step, kind, body (None when withheld)."""

    __slots__ = ("at", "body", "kind", "millis", "seq", "step")

    def __init__(self, line, seq, earliest):
        record = read_canonical(line)
        need(type(record) is dict, "not an object")
        if record.keys() == _FULL:
            self.body = record["body"]
            need(type(record["salt"]) is str and SALT.match(record["salt"]), "the salt is not of 16 octets")
        else:
            need(record.keys() == _COMMITTED, "has other members than an event")
            self.body = None
            need(
                type(record["commitment"]) is str and COMMITMENT.match(record["commitment"]),
                "the commitment is not a digest",
            )
        self.seq, self.kind, self.step, self.at = record["seq"], record["type"], record["step"], record["at"]
        need(type(self.seq) is int and self.seq == seq, "has another number")
        need(type(self.kind) is str and self.kind in EVENTS, "is of a type that is not known")
        need(type(self.step) is str and len(self.step) <= 32, "has a step that is not one")
        need(type(self.at) is str, "has no time")
        self.millis = event_millis(self.at)
        need(self.millis >= earliest, "is earlier than the event before it")
        if self.body is None:
            need(self.kind in MAY_BE_WITHHELD, "is withheld, which its type may not be")
        else:
            shape(self.body, EVENTS[self.kind], self.kind)

    @staticmethod
    def leaf(line):
        """The canonical committed form of a line that was found to be canonical."""
        record = json.loads(line)
        if "body" in record:
            salt = bytes.fromhex(record.pop("salt"))
            body = encode_canonical(record.pop("body"))
            record["commitment"] = hashlib.sha256(b"quorate-commit-v1\0" + salt + body).hexdigest()
        return encode_canonical(record)

    @property
    def day(self):
        return self.at[:10]


class Transcript:
    """All events that could be read, and the root before each that needs one."""

    ROOT_BEFORE = ("arrived", "approved", "cosigned", "deviated", "suspended", "aborted", "checkpoint")

    def __init__(self, data, claims):
        self.events, self.roots, self.torn = [], {}, False
        tree, earliest, at = Tree(), 0, 0
        while at < len(data):
            end = data.find(b"\n", at, at + MAX_LINE)
            if end < 0:
                if len(data) - at < MAX_LINE and not (self.events and self.events[-1].kind == "closed"):
                    self.torn = True
                    claims.leave_open("transcript", "the last line is torn: the ceremony was interrupted there")
                else:
                    claims.fail("transcript", "event %d: its line does not end" % len(self.events))
                break
            line = data[at:end]
            seq = len(self.events)
            try:
                lists = data.count(b"[", at, end) + data.count(b"{", at, end)
                need(lists <= MAX_LISTS, "holds more than %d lists and objects" % MAX_LISTS)
                event = Event(line, seq, earliest)
                if seq == 0:
                    need(event.kind == "opened", "is not `opened`")
                need(event.kind != "opened" or seq == 0, "is `opened` again")
                need(not self.events or self.events[-1].kind != "closed", "comes after `closed`")
                leaf = Event.leaf(line)
            except Bad as bad:
                claims.fail("transcript", "event %d %s; nothing after it was read" % (seq, bad))
                break
            if event.kind in self.ROOT_BEFORE:
                self.roots[seq] = tree.root()
            tree.add(leaf)
            self.events.append(event)
            earliest, at = event.millis, end + 1
        self.size, self.root = tree.size, tree.root()
        self.closed = bool(self.events) and self.events[-1].kind == "closed"
        need(self.events, "transcript.jsonl has no event that can be read")
        self.opened = self.events[0].body


def parse_checkpoint(data, origin, transcript):
    """spec/checkpoint.md: the text must be the one of this transcript. Raises Bad."""
    expected = "%s\n%d\n%s\n" % (origin, transcript.size, base64.b64encode(transcript.root).decode())
    need(data == expected.encode("ascii", "replace"), "checkpoint: is not the origin, size and root of this transcript")


# =====================================================================================================================
# 9  The authority: spec/authority.md
# =====================================================================================================================

_DATE = Words("a date", DAY)
_DATE_OR_NOT = Words("a date or empty", re.compile(r"(\d{4}-\d{2}-\d{2})?\Z", re.ASCII))
DUTIES = ("command", "custody", "shares", "observe", "audit")
PURPOSES = ("govern", "approve", "authorise", "unlock", "recover", "close")
_QUORUM = {"need": WHOLE, "purpose": Words("a purpose of a quorum", PURPOSES), "role": ID}
PRESENCE = Words("keyed or paper", ("keyed", "paper"))
RULES = Words("webpki or private", ("webpki", "private"))
ADOPTED = Words("certificate, crl, key or skr", ("certificate", "crl", "key", "skr"))
PROGRAMMES = [Words("a root programme", ("mozilla", "chrome", "apple", "microsoft"))]
TOKEN_KIND = Words("pkcs11 or software", ("pkcs11", "software"))

_OPENERS = {"need": WHOLE, "people": May([ID]), "role": TEXT}
STATE = {
    "affiliates": May([TEXT]),
    "cps": {"document": TEXT, "section": TEXT, "version": TEXT},
    "commitments": {
        "crl_days": WHOLE,
        "extended_validation": May(TRUTH),
        "key_types": [TEXT],
        "linters": May(LINTERS),
        "minimum_quorum": WHOLE,
        "module_level": ANY,
        "root_days": WHOLE,
        "subordinate_days": WHOLE,
    },
    "conflicts": [[ID]],
    "format": Words(FORMAT, (FORMAT,)),
    "items": [{"holder": TEXT, "id": ID, "place": TEXT, "seal": TEXT, "what": TEXT}],
    "name": ID,
    "organisation": TEXT,
    "people": [
        {
            "appointments": [{"role": ID, "since": _DATE, "until": _DATE_OR_NOT}],
            "card": TEXT,
            "id": ID,
            "key": TEXT,
            "presence": PRESENCE,
        }
    ],
    "places": [
        {
            "beside": May(_OPENERS),
            "controllers": _OPENERS,
            "facility": TEXT,
            "id": ID,
            "keys": ANY,
            "kind": TEXT,
            "within": May(ID),
        }
    ],
    "programmes": May(PROGRAMMES),
    "quorums": [_QUORUM],
    "roles": [{"duties": [Words("a duty", DUTIES)], "id": ID, "title": TEXT}],
    "rules": RULES,
    "tokens": [{"id": ID, "kind": TOKEN_KIND, "level": ANY, "location": TEXT, "model": TEXT, "serial": TEXT}],
    "zones": May([{"name": TEXT, "policy": SHA, "schemas": SHA, "tokens": [ID]}]),
    "adopted": May([{"digest": SHA, "id": ID, "kind": ADOPTED}]),
}


WATCHING = {"observe", "audit"}  # duties of those who act in nothing else


class State:
    """One authority state."""

    def __init__(self, data, name):
        need(data[-1:] == b"\n", "%s does not end in a line feed" % name)
        self.value = read_canonical(data[:-1])
        shape(self.value, STATE, name)
        self.digest = digest_of(data)
        self.people = by_id(self.value["people"], name + ".people")
        self.roles = by_id(self.value["roles"], name + ".roles")
        self.places = by_id(self.value["places"], name + ".places")
        self.tokens = by_id(self.value["tokens"], name + ".tokens")
        self.items = by_id(self.value["items"], name + ".items")
        no_twins([q["purpose"] for q in self.value["quorums"]], name + ".quorums")
        self.quorums = {q["purpose"]: q for q in self.value["quorums"]}
        no_twins([SshKey(p["key"]).pair for p in self.value["people"] if p["key"]], name + ": keys of people")
        no_twins([t["serial"] for t in self.value["tokens"]], name + ": serials of tokens")
        need(len(self.places) <= MAX_PLACES, "%s: more than %d places" % (name, MAX_PLACES))
        need(len(self.tokens) <= MAX_TOKENS, "%s: more than %d tokens" % (name, MAX_TOKENS))
        self.outer = {place: self._around(place) for place in self.places}
        for place, outer in self.outer.items():
            need(place not in outer, "%s: %s lies within itself" % (name, place))
            need(len(outer) <= MAX_DEPTH_OF_PLACES, "%s: %s lies too deep within others" % (name, place))
        self.abilities, self.judged = {}, {}  # see `able` and `tiers`
        self.holders = {}  # role -> everyone who is appointed to it on any day
        for person in self.value["people"]:
            for appointment in person["appointments"]:
                self.holders.setdefault(appointment["role"], set()).add(person["id"])
        for pair in self.value["conflicts"]:
            need(len(pair) == 2, "%s: a conflict is not a pair" % name)
        self.conflicts = {frozenset(pair) for pair in self.value["conflicts"]}
        for quorum in self.value["quorums"]:
            need(quorum["need"] >= 1, "%s: a quorum of nobody" % name)
            need(quorum["role"] in self.roles, "%s: a quorum of an unknown role" % name)
        for person in self.value["people"]:
            for appointment in person["appointments"]:
                need(appointment["role"] in self.roles, "%s: %s has an unknown role" % (name, person["id"]))

    @property
    def fewest(self):
        """How many people must be together: spec/authority.md 4."""
        return 2 if self.value["rules"] == "webpki" else max(1, min(2, self.value["commitments"]["minimum_quorum"]))

    def excludes(self, one, other):
        """Whether nobody may sit in both roles: spec/authority.md 5."""
        if frozenset((one, other)) in self.conflicts:
            return True
        for mine, theirs in ((one, other), (other, one)):
            mine, theirs = (set(self.roles[role]["duties"]) for role in (mine, theirs))
            apart = (mine & WATCHING and theirs - WATCHING) or ("command" in mine and "shares" in theirs)
            if apart and self.fewest > 1:
                return True
        return False

    def _around(self, place):
        found = []
        while len(found) <= MAX_DEPTH_OF_PLACES and self.places.get(place, {}).get("within"):
            place = self.places[place]["within"]
            found.append(place)
        return found

    def around(self, place):
        """The places around a place, the innermost first."""
        return self.outer.get(place, [])

    def appointed(self, role):
        """Everyone who is appointed to a role on any day."""
        return self.holders.get(role, set())

    def able(self, rule):
        """Who can be one of these controllers, or have a key beside, whatever the day."""
        if id(rule) not in self.abilities:
            everyone = self.appointed(rule["role"])
            self.abilities[id(rule)] = everyone & set(rule["people"]) if "people" in rule else everyone
        return self.abilities[id(rule)]

    def entered(self):
        """Where each item was when it entered."""
        return {name: item["place"] for name, item in self.items.items()}

    def problems(self):
        """What is wrong with places within places, and with tiers: spec/authority.md 6 and Tiers."""
        for name, place in self.places.items():
            outer = self.places.get(place.get("within", name))
            if outer is None or outer["facility"] != place["facility"]:
                yield "%s lies within %s, which is no place of its facility" % (name, place["within"])
            for rule in (place[kind] for kind in ("controllers", "beside") if kind in place):
                if "people" in rule and len(self.able(rule)) < max(rule["need"], len(set(rule["people"]))):
                    yield "%s is opened by people who are not appointed to it, or by too few of them" % name
        least = max(self.value["commitments"]["minimum_quorum"], 2 if self.value["rules"] == "webpki" else 1)
        for purpose, quorum in self.quorums.items():
            if quorum["need"] < least:
                yield "the quorum %s is below the minimum of %d that the authority commits to" % (purpose, least)
        yield from sorted(tiers(self, self.entered())[1])

    def governors(self):
        need("govern" in self.quorums, "the authority has no quorum `govern`")
        quorum = self.quorums["govern"]
        return quorum, {name: self.people[name] for name in self.appointed(quorum["role"])}


class Authority:
    """The chain of states of one record. `state` is the last, the one in force."""

    def __init__(self, folder, mode, signatures, claims):
        names = sorted(p for p in folder.below("authority/") if re.match(r"authority/\d{3}\.json\Z", p, re.ASCII))
        need(names, "authority/000.json is missing")
        need(
            names == ["authority/%03d.json" % n for n in range(len(names))],
            "the states of the authority are not numbered without gaps",
        )
        self.states = [State(folder.get(name), name[10:]) for name in names]
        self.genesis = self.states[0].digest
        self.state = self.states[-1]
        self.name = self.state.value["name"]
        need(all(s.value["name"] == self.name for s in self.states), "the authority changes its name")
        known = set(names)
        pairs = {}
        for stem, statement, armored in folder.signed_pairs("authority/"):
            number, dot, person = stem.partition(".")
            need(
                dot and number.isdigit() and len(number) == 3 and int(number) < len(names),
                "authority/%s belongs to no state" % stem,
            )
            pairs.setdefault(int(number), []).append((person, statement, armored))
            known.update({"authority/%s.statement" % stem, "authority/%s.sig" % stem})
        for path in folder.below("authority/"):
            need(path in known, "%s is not a file of an authority" % path)
        self.governed, self.signers = True, {}  # state -> the governors who signed it
        for number in range(len(names)):
            if claims.attempt("authority", self._governed, number, pairs.get(number, []), mode, signatures) is None:
                self.governed = False
            for problem in self.states[number].problems():
                claims.fail("authority", "state %03d: %s" % (number, problem))

    def _governed(self, number, pairs, mode, signatures):
        before = self.states[max(number - 1, 0)]
        quorum, governors = before.governors()
        context = {"authority": self.genesis, "role": quorum["role"]}
        own = [("previous", before.digest if number else "genesis"), ("state", self.states[number].digest)]
        signers = set()
        for person, statement, armored in pairs:
            where = "authority/%03d.%s" % (number, person)
            need(person in governors, "%s: is not appointed to %s" % (where, quorum["role"]))
            signatures.check(governors[person], "authority-change", mode, context, own, statement, armored, where)
            signers.add(person)
        self.signers[number] = signers
        if number == 0:
            missing = sorted(set(governors) - signers)
            need(governors and not missing, "state 000 is not signed by %s" % (", ".join(missing) or "anyone"))
        need(
            len(signers) >= quorum["need"],
            "state %03d is signed by %d, needs %d" % (number, len(signers), quorum["need"]),
        )
        return True

    def unappointed(self, number, day):
        """The role that governs a change of state, and who of its signers is not appointed to it on a day."""
        before = self.states[number - 1]
        role = before.governors()[0]["role"]
        signers = self.signers.get(number, ())
        return role, sorted(one for one in signers if not current(before.people[one], role, day))

    def person(self, name):
        need(name in self.state.people, "%s is not a person of the authority" % plain(name))
        return self.state.people[name]


# =====================================================================================================================
# 10  The script: spec/script.md
# =====================================================================================================================

_LIST = [TEXT]
ADOPTED_FILES = {"certificate": "cert.der", "crl": "crl", "key": "spki.der", "skr": "skr.xml"}
KEY_KINDS = ("generate-key",)
WATCHED = ("root", "external-ca", "unknown")
ROOT_KINDS = ("root", "reissue")
CERTIFICATE_KINDS = ("root", "reissue", "subordinate", "cross", "ocsp-responder")
ISSUE_KINDS = (*CERTIFICATE_KINDS, "crl", "cross-csr", "ocsp-response")
DRAFTED_KINDS = ("sign-skr", *ISSUE_KINDS)
OPERATION_KINDS = ("share", *KEY_KINDS, "import-key", "destroy-key", "sign-skr", *ISSUE_KINDS)
SIGNATURE = May(Words("a signature algorithm", SIGNATURES))
_OPERATION = {"id": ID, "kind": Words("a kind of operation", OPERATION_KINDS)}
_CERTIFICATE = dict(
    _OPERATION, ca_issuers_url=TEXT, certificate_serial=TEXT, crl_url=TEXT, days=May(WHOLE), existing=TEXT, issuer=TEXT,
    key=ID, not_after=TEXT, not_before=TEXT, outputs=_LIST, policies=_LIST, profile=TEXT, subject=TEXT,
    subject_key=TEXT, token=ID, signature=SIGNATURE, constraints=May({"excluded": _LIST, "permitted": _LIST}),
)  # fmt: skip
OPERATIONS = {
    "share": dict(
        _OPERATION, credential=Words("user or so", ("user", "so")),
        fate=Words("shared or destroyed", ("shared", "destroyed")),
        holders=[ID], threshold=WHOLE, token=ID,
    ),
    "generate-key": dict(
        _OPERATION, algorithm=May(TEXT), object=OCTETS, outputs=May(_LIST), token=ID, type=TEXT, use=TEXT,
        zone=May(TEXT),
    ),
    "import-key": dict(
        _OPERATION, algorithm=May(TEXT), carrier=May(ID), key=ID, outputs=_LIST, token=ID, type=TEXT, zone=May(TEXT)
    ),
    "sign-skr": dict(
        _OPERATION, outputs=_LIST, token=ID,
        responses=[
            {
                "act": TEXT, "again_of": May(ID), "back_out_of": TEXT, "digest": SHA, "id": ID, "reason": TEXT,
                "request": TEXT, "schema": TEXT, "zone": TEXT, "keys": [{"key": ID, "ksk": TEXT, "part": TEXT}],
            }
        ],
    ),
    "destroy-key": dict(_OPERATION, key=ID, object=OCTETS, spki=SHA, token=ID),
    "crl": dict(
        _OPERATION, days=May(WHOLE), entries=[{"date": TEXT, "reason": TEXT, "serial": TEXT}], issuer=TEXT, key=ID,
        next_update=May(TEXT), number=WHOLE, outputs=_LIST, previous=TEXT, profile=TEXT, this_update=May(TEXT),
        token=ID, signature=SIGNATURE, distribution_point=May(TEXT), scope=May(Words("ca or user", ("ca", "user"))),
    ),
    "ocsp-response": dict(
        _OPERATION, certificate=TEXT, crl=May(TEXT), days=May(WHOLE), issuer=TEXT, key=ID, next_update=May(TEXT),
        outputs=_LIST, profile=TEXT, responder=May(TEXT), revoked=May({"date": TEXT, "reason": TEXT, "serial": TEXT}),
        serial=TEXT, status=Words("good or revoked", ("good", "revoked")), subject=OCTETS, this_update=May(TEXT),
        token=ID, signature=SIGNATURE,
    ),
    "cross-csr": dict(
        _OPERATION, existing=TEXT, key=ID, outputs=_LIST, subject=OCTETS, token=ID, signature=SIGNATURE
    ),
}  # fmt: skip
OPERATIONS.update(dict.fromkeys(CERTIFICATE_KINDS, _CERTIFICATE))

_STEP = {"clauses": _LIST, "id": TEXT, "kind": TEXT, "text": _LIST, "title": TEXT}
SOURCES = ("script", "digest", "checkpoint", "token", "clock", "file")
CUSTODY = ("open", "close", "take", "unseal", "seal", "put", "send")
STEPS = {
    "attendance": dict(_STEP, seats=[ID]),
    "read": dict(_STEP, by=[ID]),
    "compare": dict(_STEP, by=[ID], expected=TEXT, source=Words("a source", SOURCES)),
    "look": dict(_STEP, by=[ID], what=Words("machine or airgap", ("machine", "airgap"))),
    "custody": dict(_STEP, action=Words("an action of custody", CUSTODY), by=[ID], item=TEXT, place=TEXT),
    "adopt": dict(_STEP, artifacts=[ID], by=[ID]),
    "share": dict(_STEP, operation=ID),
    "unlock": dict(_STEP, credential=TEXT, token=ID),
    "generate": dict(_STEP, operation=ID),
    "import": dict(_STEP, by=[ID], operation=ID),
    "destroy": dict(_STEP, operation=ID),
    "sign": dict(_STEP, operation=ID),
    "issue": dict(_STEP, operation=ID),
    "lock": dict(_STEP, token=ID),
    "media": dict(_STEP, copies=WHOLE),
    "checkpoint": dict(_STEP, need=WHOLE),
    "close": dict(_STEP, outcome=Words("completed or aborted", ("completed", "aborted"))),
}
NEVER_SKIPPED = (
    "attendance", "adopt", "share", "unlock", "generate", "import", "destroy", "sign", "issue", "lock", "checkpoint",
    "close",
)  # fmt: skip
STEPS_OF_OPERATIONS = {
    "share": ("share",), "generate": KEY_KINDS, "import": ("import-key",), "destroy": ("destroy-key",),
    "sign": ("sign-skr",),
    "issue": ISSUE_KINDS,
}  # fmt: skip
OFF_CYCLE = ("zsk-compromise", "ksk-compromise", "ksk-loss")
REASONED = ("calendar-bridge", "lapse", *OFF_CYCLE)  # spec/skr.md `Acts`
OPENING = ("attendance", "checkpoint", "compare", "look", "read")  # what may be done twice
BY_TWO = ("genesis", "lapse", "zsk-compromise")  # two people vouch for the ZSKs
ACTS = ("routine", "genesis", "re-sign", *REASONED)
BRANCHES = {"abort": "A", "resume": "R", "suspend": "S"}

SCRIPT = {
    "adopted": May([{"digest": SHA, "file": TEXT, "id": ID, "issuer": May(ID), "kind": ADOPTED}]),
    "acts": [{"number": WHOLE, "present": [ID], "title": TEXT}],
    "authority": {"genesis": SHA, "name": ID, "state": SHA},
    "branches": {"abort": [ANY], "resume": [ANY], "suspend": [ANY]},
    "ceremony": ID,
    "drafts": [{"digest": SHA, "file": TEXT, "open": _LIST, "operation": ID}],
    "facility": TEXT,
    "format": Words(FORMAT, (FORMAT,)),
    "inputs": [{"digest": SHA, "file": TEXT}],
    "items": [{"id": ID, "place": TEXT, "seal": TEXT, "sent": May(TRUTH), "what": TEXT}],
    "linters": May(LINTERS),
    "keys": [
        {
            "algorithm": May(TEXT),
            "id": ID,
            "object": OCTETS,
            "since": May(TEXT),
            "spki": TEXT,
            "token": ID,
            "type": TEXT,
            "zone": May(TEXT),
        }
    ],
    "publications": May([{"artifact": ID, "digest": SHA, "where": TEXT}]),
    "seals": May([TEXT]),
    "skrs": May(
        [
            {
                "back_out": TRUTH,
                "id": ID,
                "keys": [{"ksk": TEXT, "part": TEXT}],
                "published": TRUTH,
                "request": TEXT,  # empty of what was adopted
                "schema": TEXT,
                "turn": May(WHOLE),
                "zone": TEXT,
            }
        ]
    ),
    "mode": Words("real or rehearsal", ("real", "rehearsal")),
    "notices": _LIST,
    "operations": [ANY],
    "plan": SHA,
    "predecessor": EVENTS["opened"]["predecessor"],
    "programmes": May(PROGRAMMES),
    "purpose": TEXT,
    "quorums": [_QUORUM],
    "rules": RULES,
    "seats": [{"alternates": [ID], "id": ID, "person": ID, "presence": PRESENCE, "role": ID}],
    "sets": [{"credential": TEXT, "set": SHARE_SET, "token": ID}],
    "steps": [ANY],
    "tokens": [{"id": ID, "kind": TOKEN_KIND, "serial": TEXT}],
    "waivers": [{"code": TEXT, "expires": TEXT, "operation": TEXT, "people": [ID], "reason": TEXT}],
    "window": {"closes": TEXT, "opens": TEXT},
    "witnessing": {"auditor": TEXT, "policy": TEXT, "recording": TRUTH},
}


def outputs_of(operation):
    """The files that an operation makes: DER first, the others PEM."""
    return operation.get("outputs", ["artifacts/%s.spki.der" % operation["id"]])


def records_of(operation):
    """The file in which a generated KSK has its records."""
    made = operation["kind"] in KEY_KINDS and operation.get("zone")
    return ["artifacts/%s.ksk.txt" % operation["id"]] if made else []


def below_folder(folder, name):
    """A file that a script names, as a path in the record: with or without the folder in front."""
    return safe_path(name if name.startswith(folder) else folder + name)


def one_line_everywhere(value):
    """No control characters in any text: they could make the printed script say something else."""
    if type(value) is str:
        unseen = ("Cc", "Cf", "Zl", "Zp", "Co", "Cn")
        seen = value.isascii() and value.isprintable()
        seen = seen or not any(unicodedata.category(c) in unseen for c in value)
        need(seen, "script.json: a text with control characters")
    elif type(value) is list:
        for member in value:
            one_line_everywhere(member)
    elif type(value) is dict:
        for member in value.values():
            one_line_everywhere(member)


class Script:
    """script.json, decoded and found consistent in itself."""

    def __init__(self, data):
        need(data[-1:] == b"\n", "script.json does not end in a line feed")
        self.value = value = read_canonical(data[:-1])
        shape(value, SCRIPT, "script")
        one_line_everywhere(value)
        self.digest = digest_of(data)
        for name in (
            "authority",
            "ceremony",
            "mode",
            "rules",
            "acts",
            "steps",
            "branches",
            "notices",
            "window",
            "predecessor",
        ):
            setattr(self, name, value[name])
        self.seats = by_id(value["seats"], "seats")
        self.seat_order = [seat["id"] for seat in value["seats"]]
        self.tokens = by_id(value["tokens"], "tokens")
        no_twins([token["serial"] for token in value["tokens"]], "serials of tokens")
        self.items = by_id(value["items"], "items")
        self.keys = by_id(value["keys"], "keys")
        self.adopted = by_id(value.get("adopted", []), "adopted")
        self.shown = {}  # public keys, of earlier records or adopted here, whose pairs are brought: see `History`
        no_twins([quorum["purpose"] for quorum in value["quorums"]], "quorums")
        self.quorums = {quorum["purpose"]: quorum for quorum in value["quorums"]}
        no_twins([draft["operation"] for draft in value["drafts"]], "drafts")
        self.drafts = {draft["operation"]: draft for draft in value["drafts"]}
        self.inputs = {below_folder("inputs/", one["file"]): one["digest"] for one in value["inputs"]}
        need(len(self.inputs) == len(value["inputs"]), "script.inputs: a file twice")
        self.opens, self.closes = second_of(value["window"]["opens"]), second_of(value["window"]["closes"])
        need(self.opens < self.closes, "the window closes before it opens")
        self.window_line = "%s %s" % (value["window"]["opens"], value["window"]["closes"])
        self._adopted()
        self._operations()
        self._steps()
        self._index()

    def _adopted(self):
        for name, one in self.adopted.items():
            path = "inputs/adopted/%s.%s" % (name, ADOPTED_FILES[one["kind"]])
            need(one["file"] == path, "adopted %s: not in the file %s" % (name, path))
            need(self.inputs.get(path) == one["digest"], "adopted %s: not the input of its digest" % name)
            need((one["kind"] == "crl") == ("issuer" in one), "adopted %s: an issuer is named of CRLs" % name)

    def _operations(self):
        for number, operation in enumerate(self.value["operations"]):
            where = "operations[%d]" % number
            need(
                type(operation) is dict and operation.get("kind") in OPERATION_KINDS,
                "%s is of a kind that is not known" % where,
            )
            shape(operation, OPERATIONS[operation["kind"]], where)
            need(operation["token"] in self.tokens, "%s names an unknown token" % where)
        self.operations = by_id(self.value["operations"], "operations")
        need(not set(self.operations) & set(self.keys), "an operation has the name of an earlier key")
        names = set(self.operations) | set(self.keys)
        need(not names & set(self.adopted), "something adopted has the name of a key or an operation")
        answers = [r["id"] for o in self.value["operations"] if o["kind"] == "sign-skr" for r in o["responses"]]
        no_twins(answers, "responses")
        need(not set(answers) & (names | set(self.adopted)), "a response has the name of something else")
        written = []
        for operation in self.value["operations"]:
            if operation["kind"] in KEY_KINDS:
                half = {operation["use"] == "ksk", "zone" in operation, "algorithm" in operation}
                need(len(half) == 1, "%s: is half a KSK" % operation["id"])
            if operation["kind"] in (*KEY_KINDS, *ISSUE_KINDS):
                outputs = outputs_of(operation)
                need(outputs and not outputs[0].endswith(".pem"), "%s: its first output is not DER" % operation["id"])
                need(len(outputs) <= MAX_OUTPUTS, "%s: more than %d outputs" % (operation["id"], MAX_OUTPUTS))
                written += outputs + records_of(operation)
            if operation["kind"] in ISSUE_KINDS:
                key = self._key(operation)
                need(key["token"] == operation["token"], "%s: its key is on another token" % operation["id"])
                dates = [name for name in ("this_update", "next_update") if name in operation]
                need(
                    operation["kind"] != "crl" or len(dates) == (0 if "days" in operation else 2),
                    "%s: either days or both dates are wanted" % operation["id"],
                )
            elif operation["kind"] == "sign-skr":
                self._responses(operation)
                written += operation["outputs"]
            elif operation["kind"] == "import-key":
                outputs = operation["outputs"]
                if not self.shows(operation):
                    of = self._key(operation)
                    need(of["type"] == operation["type"], "%s: its key is of another type" % operation["id"])
                need(len(outputs) == 2, "%s: its outputs are not a text and a signature" % operation["id"])
                written += outputs
            elif operation["kind"] == "destroy-key":
                known = self.keys.get(operation["key"], {})
                same = all(operation[name] == known.get(name) for name in ("object", "token"))
                need(same, "%s destroys what is not a key of an earlier record" % operation["id"])
            elif operation["kind"] == "share":
                holders = operation["holders"]
                no_twins(holders, operation["id"] + ".holders")
                need(set(holders) <= set(self.seats), "%s: a holder that is no seat" % operation["id"])
                if operation["fate"] == "shared":
                    need(
                        1 <= operation["threshold"] <= len(holders), "%s: a threshold that cannot be" % operation["id"]
                    )
        for path in written:
            need(safe_path(path).startswith("artifacts/"), "an output outside artifacts/")
        no_twins(written, "outputs")
        no_twins([o["object"] for o in self.value["operations"] if o["kind"] in KEY_KINDS], "objects of keys")

    def _responses(self, operation):
        """The responses of a sign-skr have a file each, and keys of earlier records."""
        responses = operation["responses"]
        need(responses, "%s signs nothing" % operation["id"])
        no_twins([one["id"] for one in responses], operation["id"] + ".responses")
        files = ["artifacts/%s.skr.xml" % one["id"] for one in responses]
        need(operation["outputs"] == files, "%s: its outputs are not a file a response" % operation["id"])
        for one in responses:
            need(one["act"] in ACTS, "%s: an act that is not known" % one["id"])
            need(
                one["reason"].strip() or one["act"] not in REASONED,
                "%s: the act %s without a reason" % (one["id"], one["act"]),
            )
            again = bool(one.get("again_of"))
            need(
                again == (one["act"] == "re-sign"),
                "%s: re-sign names what it signs again, and no other act" % one["id"],
            )
            for part in one["keys"]:
                need(part["key"] in self.keys, "%s names an unknown key" % operation["id"])

    def shows(self, operation):
        """The file of the certificate or public key whose pair an `import-key` brings; empty if it copies a key."""
        name = operation["key"]
        if name in self.operations or name in self.keys:
            return ""
        if name in self.adopted:
            return self.adopted[name]["file"]
        known = ("inputs/known/%s.%s" % (name, ADOPTED_FILES[kind]) for kind in ("certificate", "key"))
        return next((path for path in known if path in self.inputs), "")

    def _key(self, operation):
        """The key of an operation: one that is made or brought in this ceremony, or an earlier one."""
        key = self.operations.get(operation["key"], self.keys.get(operation["key"]))
        need(
            key is not None and key.get("kind", "generate-key") in (*KEY_KINDS, "import-key"),
            "%s names an unknown key" % operation["id"],
        )
        return key

    def _step(self, step, where):
        need(
            type(step) is dict and type(step.get("kind")) is str and step["kind"] in STEPS,
            "%s is of a kind that is not known" % where,
        )
        shape(step, STEPS[step["kind"]], where)
        for seat in step.get("by", []) + step.get("seats", []):
            need(seat in self.seats, "%s names an unknown seat" % where)
        need(step.get("token", "") in self.tokens or "token" not in step, "%s names an unknown token" % where)
        if step["kind"] in STEPS_OF_OPERATIONS:
            kinds = STEPS_OF_OPERATIONS[step["kind"]]
            operation = self.operations.get(step["operation"])
            need(operation is not None and operation["kind"] in kinds, "%s names no operation of its kind" % where)
        if step["kind"] == "compare" and step["source"] == "token":
            need(step["expected"] in self.tokens, "%s names an unknown token" % where)

    def _steps(self):
        no_twins([act["number"] for act in self.acts], "acts")
        need(
            [act["number"] for act in self.acts] == list(range(1, len(self.acts) + 1)) and self.acts,
            "the acts are not numbered 1, 2, 3",
        )
        numbers, self.act_of = {}, {}
        last = 1
        for step in self.steps:
            self._step(step, "a step")
            act, _dot, number = step["id"].partition(".")
            need(
                re.match(r"[1-9]\d{0,3}\Z", act, re.ASCII) and last <= int(act) <= len(self.acts),
                "step %s is out of order" % plain(step["id"]),
            )
            last = int(act)
            numbers[last] = numbers.get(last, 0) + 1
            need(number == str(numbers[last]), "step %s is out of order" % plain(step["id"]))
            self.act_of[step["id"]] = last
        need(sorted(numbers) == list(range(1, len(self.acts) + 1)), "an act without steps")
        need(self.steps[0]["kind"] == "attendance" and self.steps[0]["seats"], "the first step is not attendance")
        need(
            self.steps[-1]["kind"] == "close" and self.steps[-1]["outcome"] == "completed",
            "the last step does not close",
        )
        need(all(step["kind"] != "close" for step in self.steps[:-1]), "a step closes before the last")
        for step, after in zip(self.steps, self.steps[1:]):  # noqa: B905 (Python 3.9)
            if self.act_of[step["id"]] != self.act_of[after["id"]]:
                need(step["kind"] == "checkpoint", "act %d does not end with a checkpoint" % self.act_of[step["id"]])
        for name, letter in BRANCHES.items():
            for number, step in enumerate(self.branches[name], 1):
                self._step(step, "a step of the branch %s" % name)
                need(step["id"] == "%s.%d" % (letter, number), "step %s is out of order" % plain(step["id"]))
                closes = name == "abort" and number == len(self.branches[name])
                need((step["kind"] == "close") == closes, "the branch %s closes where it must not" % name)
                need(not closes or step["outcome"] == "aborted", "the branch abort does not close as aborted")
                need(step["kind"] not in STEPS_OF_OPERATIONS, "a branch uses a token")
        need(self.branches["abort"], "the branch abort does not close")
        done = [step["operation"] for step in self.steps if "operation" in step]
        need(sorted(done) == sorted(self.operations), "the steps do not do each operation exactly once")
        taken = [name for step in self.steps if step["kind"] == "adopt" for name in step["artifacts"]]
        need(sorted(taken) == sorted(self.adopted), "the steps do not adopt each thing exactly once")
        for act in self.acts:
            need(set(act["present"]) <= set(self.seats), "act %d names an unknown seat" % act["number"])

    def against(self, authority):
        """What a script says of the authority is what the state in force says. Yields one line for each problem."""
        state = authority.state
        if self.authority != {"genesis": authority.genesis, "name": authority.name, "state": state.digest}:
            yield "script.json names another authority state than the last of authority/"
        if self.rules != state.value["rules"]:
            yield "script.json is under other rules than the authority"
        if self.value.get("programmes") != state.value.get("programmes"):
            yield "script.json keeps to other root programmes than the authority"
        stated = {one["id"]: one for one in state.value.get("adopted", ())}
        for name, one in self.adopted.items():
            if stated.get(name) != {"digest": one["digest"], "id": name, "kind": one["kind"]}:
                yield "adopted %s: not what the governors have stated" % name
        asked = set(state.value["commitments"].get("linters", ()))
        if self.value.get("linters", []) != sorted(asked | {"pkilint"} if self.rules == "webpki" else asked):
            yield "script.json names other linters than the authority requires"
        for key in self.value["operations"]:
            if key["kind"] in KEY_KINDS and key["type"] not in state.value["commitments"]["key_types"]:
                yield "%s is of a type that the authority does not commit to: %s" % (key["id"], plain(key["type"]))
        for seat in self.seats.values():
            for person in [seat["person"]] + seat["alternates"]:
                if person not in state.people:
                    yield "seat %s: %s is not a person of the authority" % (seat["id"], person)
                elif (state.people[person]["presence"] == "keyed") != bool(state.people[person]["key"]):
                    yield "%s is %s and has %s key" % (
                        person, state.people[person]["presence"], "a" if state.people[person]["key"] else "no",
                    )  # fmt: skip
                elif person == seat["person"] and seat["presence"] != state.people[person]["presence"]:
                    yield "seat %s is %s and %s is not" % (seat["id"], seat["presence"], person)
            if seat["role"] not in state.roles:
                yield "seat %s has an unknown role" % seat["id"]
        for token in self.tokens.values():
            known = state.tokens.get(token["id"])
            if known is None or (known["kind"], known["serial"]) != (token["kind"], token["serial"]):
                yield "token %s is not the one of the authority" % token["id"]
        for purpose, theirs in state.quorums.items():
            mine = self.quorums.get(purpose)
            if mine is None:
                yield "script.json has not the quorum %s of the authority" % purpose
            elif mine["role"] != theirs["role"] or mine["need"] < theirs["need"]:
                yield "quorum %s is weaker than the authority's: %d of %s, not %d of %s" % (
                    purpose, mine["need"], mine["role"], theirs["need"], theirs["role"],
                )  # fmt: skip
        for purpose in ("approve", "authorise", "close"):
            if purpose not in self.quorums or self.quorums[purpose]["need"] < 1:
                yield "script.json has no quorum %s" % purpose
        for share in self.value["operations"]:
            if share["kind"] == "share" and share["fate"] == "shared" and share["credential"] == "user":
                wanted = self.quorums.get("unlock", {"need": 1})["need"]
                if share["threshold"] < wanted:
                    yield "%s has the threshold %d, and the quorum unlock needs %d" % (
                        share["id"], share["threshold"], wanted,
                    )  # fmt: skip
        least = max(state.value["commitments"]["minimum_quorum"], 2 if self.rules == "webpki" else 1)
        for purpose, quorum in self.quorums.items():
            if quorum["need"] < least:
                yield "quorum %s is below the minimum of %d that the authority commits to" % (purpose, least)
        yield from self._minimums(state)
        yield from self._waivers(state)

    def _waivers(self, state):
        """Two people answer for each, say why, and mean all of the window: spec/plan.md."""
        for waiver in self.value["waivers"]:
            code, people = plain(waiver["code"]), set(waiver["people"])
            if len(people) < 2 or not people <= state.people.keys():
                yield "waiver %s is not by two people of the authority" % code
            if not waiver["reason"].strip():
                yield "waiver %s gives no reason" % code
            if not DAY.match(waiver["expires"]) or waiver["expires"] < self.value["window"]["closes"][:10]:
                yield "waiver %s runs out before the window closes" % code

    def _minimums(self, state):
        """What no script may do without: spec/script.md `Minimums`."""
        for role in state.roles.values():
            duties = set(role["duties"])
            if state.fewest > 1 and duties & WATCHING and duties - WATCHING:
                yield "the role %s watches and does something else besides" % role["id"]
        for act in self.acts:
            if len(set(act["present"])) < state.fewest:
                yield "act %d: fewer than %d must be present" % (act["number"], state.fewest)
        for step in itertools.chain(self.steps, *self.branches.values()):
            if step["kind"] == "checkpoint" and step["need"] < state.fewest:
                yield "step %s: a checkpoint cosigned by fewer than %d" % (step["id"], state.fewest)
        for step in self.steps:
            if self.act_of[step["id"]] == 1 and step["kind"] not in OPENING:
                yield "step %s: %s in act 1, which begins anew after an interruption" % (step["id"], step["kind"])
        yield from self._readings(state)
        yield from self._fetched(state)
        if self.rules != "webpki":
            return
        for token in self.tokens.values():
            if token["kind"] == "software" and self.mode == "real":
                yield "token %s is software, which the rules webpki do not permit" % token["id"]
        roots = [o["id"] for o in self.value["operations"] if o["kind"] in KEY_KINDS and o["use"] in WATCHED]
        watched = self.value["witnessing"]
        auditor = self.seats.get(watched["auditor"])
        for operation in self.value["operations"]:
            made = self._generated_for(operation) if operation["kind"] in ROOT_KINDS else None
            if made is not None and made["use"] not in WATCHED:
                yield "%s: its key %s is generated as %s, which nobody need watch" % (
                    operation["id"], made["id"], plain(made["use"]),
                )  # fmt: skip
        if roots and auditor is None and not (watched["recording"] and watched["policy"]):
            yield "%s is generated, and no Qualified Auditor watches" % ", ".join(roots)
        if auditor is not None and "audit" not in state.roles.get(auditor["role"], {"duties": []})["duties"]:
            yield "the Qualified Auditor's seat %s has not the duty `audit`" % auditor["id"]
        for act in self.acts:
            if auditor is not None and auditor["id"] not in act["present"]:
                yield "act %d: the Qualified Auditor need not be present" % act["number"]

    def _fetched(self, state):
        """A token in a bag is not used while the bag lies in its place; behind tiers the shares are fetched too."""
        lies = {name: self.items.get(name, item)["place"] for name, item in state.items.items()}
        out = self._out()
        tiered, leading = tiers(state, lies)[0], {}  # holder -> the items that lead to it
        for name, item in state.items.items():
            leading.setdefault(item["holder"], []).append(name)
        for token in sorted({operation["token"] for operation in self.value["operations"]}):
            things, uses = leading.get(token, ()), out.get(token, [])
            if things and (not uses or any(there.isdisjoint(things) for there in uses)):
                yield "%s is used, and nothing that leads to it is taken out" % token
            if token in tiered:
                there = {state.places.get(lies[name], {}).get("facility") for name in things}
                near = {name for name, lie in lies.items() if state.places.get(lie, {}).get("facility") in there}
                yield from self._shares_fetched(state, token, uses, near)

    def _out(self):
        """Of each token the items that are out of their places, and of their bags, at each of its uses."""
        taken, sealed, out = set(), {name for name, item in self.items.items() if item["seal"]}, {}
        for step in self.steps:
            if step["kind"] == "custody" and step["item"]:
                name = step["item"]
                {"take": taken.add, "put": taken.discard, "send": taken.discard}.get(step["action"], id)(name)
                {"unseal": sealed.discard, "seal": sealed.add}.get(step["action"], id)(name)
            token = step.get("token") or self.operations.get(step.get("operation"), {}).get("token")
            if token and step["kind"] != "lock":
                out.setdefault(token, []).append(taken - sealed)
        return out

    def _shares_fetched(self, state, token, uses, near):
        role = state.quorums.get("unlock", {}).get("role")
        shares = {name for name in near if state.items[name]["holder"] == role}
        wanted = (token, "user")
        needs = [s["set"]["threshold"] for s in self.value["sets"] if (s["token"], s["credential"]) == wanted]
        needs += [o["threshold"] for o in self.value["operations"] if (o["token"], o.get("credential")) == wanted]
        most = max((len(shares & there) for there in uses), default=0)
        if most < min(max(needs, default=0), len(shares)):
            yield "%s is used, and of the shares behind its tiers %d are taken out" % (token, most)

    def _generated_for(self, operation):
        """The operation of this script that generates the pair with which another signs, through copies of it."""
        name, seen = operation["key"], set()
        while name not in seen and self.operations.get(name, {}).get("kind") == "import-key":
            seen.add(name)
            name = self.operations[name]["key"]
        made = self.operations.get(name, {})
        return made if made.get("kind") in KEY_KINDS else None

    def _readings(self, state):
        """What comes from elsewhere is read by people before it counts."""
        for operation in self.value["operations"]:
            for one in operation["responses"] if operation["kind"] == "sign-skr" else ():
                readers = self.readers(one["digest"], "sign", operation["id"])
                if len(readers) < (state.fewest if one["act"] in BY_TWO else 1):
                    yield "%s: its request is read aloud by %d" % (one["id"], len(readers))
        for one in self.value.get("publications", []):
            if len(self.readers(one["digest"])) < state.fewest:
                yield "%s is compared with what is published by fewer than %d" % (one["artifact"], state.fewest)
        for name, one in self.adopted.items():
            if one["kind"] == "skr" and len(self.readers(one["digest"], "adopt", name)) < state.fewest:
                yield "adopted %s: compared by fewer than %d" % (name, state.fewest)
        yield from self._compared(state)
        for step in self.steps:
            if step["kind"] == "adopt" and len(set(step["by"])) < state.fewest:
                yield "step %s: adopted by fewer than %d" % (step["id"], state.fewest)

    def _compared(self, state):
        """The printed script and the clock before anything is done, and a token's own number before it is unlocked."""
        compared = {}
        for step in self.steps:
            if step["kind"] == "compare":
                of = (step["source"], step["expected"] if step["source"] == "token" else "")
                compared[of] = max(compared.get(of, 0), len(set(step["by"])))
            elif step["kind"] in ("share", "unlock", "generate", "adopt"):
                needed = [("digest", ""), ("clock", "")]
                needed += [("token", step["token"])] if step["kind"] == "unlock" else []
                for source, token in needed:
                    if compared.get((source, token), 0) < state.fewest:
                        what = "the number of %s" % token if token else "the %s" % source
                        yield "step %s: %s is compared by fewer than %d before" % (step["id"], what, state.fewest)

    def readers(self, digest, kind="", name=""):
        """The seats that read a digest from elsewhere; before the step of that kind about `name`, if one is given."""
        if (digest, kind, name) not in self.read_by:
            end = self.first_step.get((kind, name), len(self.steps)) if kind else len(self.steps)
            seats = (step["by"] for at, step in self.file_steps.get(digest, ()) if at < end)
            self.read_by[digest, kind, name] = set().union(*seats)
        return self.read_by[digest, kind, name]

    def _index(self):
        """Where digests from elsewhere are read, and where a thing first comes up, for `readers`."""
        self.file_steps, self.first_step, self.read_by = {}, {}, {}
        for at, step in enumerate(self.steps):
            for name in (step.get("operation"), *step.get("artifacts", ())):
                self.first_step.setdefault((step["kind"], name), at)
            if step["kind"] == "compare" and step["source"] == "file":
                self.file_steps.setdefault(step["expected"], []).append((at, step))

    def rendered(self):
        """script.txt, spec/script.md `Text`."""
        v = self.value
        out = ["QUORATE SCRIPT"]
        out += ["authority: " + v["authority"]["name"], "ceremony: " + v["ceremony"], "mode: " + v["mode"].upper()]
        out += ["%s: %s" % (name, v[name]) for name in ("purpose", "facility", "rules")]
        if v.get("programmes"):
            out.append("programmes: " + ", ".join(v["programmes"]))
        if v.get("linters"):
            out.append("linters: " + ", ".join(v["linters"]))
        out.append("window: %s to %s" % (v["window"]["opens"], v["window"]["closes"]))
        out += ["authority state: " + v["authority"]["state"], "genesis: " + v["authority"]["genesis"]]
        out += ["predecessor: " + v["predecessor"], "plan: " + v["plan"]]
        out += ["notice: " + notice for notice in v["notices"]]
        for seat in v["seats"]:
            others = ", or " + ", ".join(seat["alternates"]) if seat["alternates"] else ""
            out.append("seat %s: %s, %s, %s%s" % (seat["id"], seat["role"], seat["person"], seat["presence"], others))
        out += ["quorum %s: %d of %s" % (q["purpose"], q["need"], q["role"]) for q in v["quorums"]]
        out += ["token %s: %s %s" % (t["id"], t["kind"], t["serial"]) for t in v["tokens"]]
        for i in v["items"]:
            bag = "seal " + i["seal"] if i["seal"] else "in no bag"
            out.append("item %s: %s, %s, %s" % (i["id"], i["what"], i["place"], bag) + ", on its way" * ("sent" in i))
        if v.get("seals"):
            out.append("seals of earlier bags: " + ", ".join(v["seals"]))
        out += ["input %s: %s" % (i["file"], i["digest"]) for i in v["inputs"]]
        for a in v.get("adopted", ()):
            issuer = " of " + a["issuer"] if "issuer" in a else ""
            out.append("adopted %s: %s%s %s" % (a["id"], a["kind"], issuer, a["digest"]))
        for draft in v["drafts"]:
            fields = " open " + ", ".join(draft["open"]) if draft["open"] else ""
            out.append("draft %s: %s%s" % (draft["operation"], draft["digest"], fields))
        for w in v["waivers"]:
            people = " and ".join(w["people"])
            out.append(
                "waiver %s for %s until %s by %s: %s" % (w["code"], w["operation"], w["expires"], people, w["reason"])
            )
        by_act = {act["number"]: [] for act in v["acts"]}
        for step in v["steps"]:
            by_act[self.act_of[step["id"]]].append(step)
        for act in v["acts"]:
            out += ["", "ACT %d  %s" % (act["number"], act["title"]), "present: " + ", ".join(act["present"])]
            for step in by_act[act["number"]]:
                out += self._rendered_step(step)
        for name in ("abort", "resume", "suspend"):
            out += ["", "BRANCH " + name]
            for step in v["branches"][name]:
                out += self._rendered_step(step)
        return "".join(line + "\n" for line in out).encode("utf-8")

    @staticmethod
    def _rendered_step(step):
        lines = ["%s  %s" % (step["id"], step["title"])] + [" " * 6 + line for line in step["text"]]
        if step["clauses"]:
            lines.append(" " * 6 + "[%s]" % "; ".join(step["clauses"]))
        return lines


def check_approvals(folder, script, authority, signatures, day):
    """spec/record.md 5: the quorum `approve`, different people, appointed on the day of the ceremony. Raises Bad."""
    quorum = script.quorums["approve"]
    wanted = max(quorum["need"], authority.state.quorums.get("approve", quorum)["need"])
    context = {
        "authority": script.authority["state"], "ceremony": script.ceremony, "script": script.digest,
        "window": script.window_line, "role": quorum["role"],
    }  # fmt: skip
    approvers = set()
    for person, statement, armored in folder.signed_pairs("approvals/"):
        where = "approvals/%s" % person
        need(
            current(authority.person(person), quorum["role"], day),
            "%s: is not appointed to %s" % (where, quorum["role"]),
        )
        own = [("genesis", authority.genesis)]
        signatures.check(
            authority.person(person), "script-approval", script.mode, context, own, statement, armored, where
        )
        approvers.add(person)
    need(len(approvers) >= wanted, "approved by %d, needs %d of %s" % (len(approvers), wanted, quorum["role"]))
    return sorted(approvers)


# =====================================================================================================================
# 11  The session: spec/transcript.md `What may follow what`, spec/script.md `Steps`
# =====================================================================================================================


class OutOfOrder(Bad):
    """An event that may not come where it came. What follows cannot be read with any sense."""


class Item:
    """A physical thing in the walk: where it is, in which bag, and whether a deviation made its whereabouts unknown.

    `sent`: it left for its place, and nobody has said yet that it came.
    `compared`: whether two read its number when it was taken out today.
    `closing`: the keys made here by the time its bag was closed. `gaped`: it was to be closed, and was not.
    """

    def __init__(self, place, seal, sent):
        self.place, self.seal, self.out, self.doubtful = place, seal, not place, False
        self.sent, self.compared, self.closing, self.gaped = sent, None, None, False


class Frame:
    """A line of steps that is being walked: the main line or a branch, with what is known of its current step."""

    def __init__(self, name, steps):
        self.name, self.steps, self.at, self.work = name, steps, 0, {}

    @property
    def step(self):
        return self.steps[self.at] if self.at < len(self.steps) else None

    def next(self):
        self.at += 1
        self.work = {}


class Key:
    """A key that signs: from this ceremony or an earlier one. `public` is None while only its digest is known."""

    def __init__(self, name, obj, token, kind, spki):
        self.id, self.object, self.token, self.type, self.public = name, obj, token, kind, None
        if DIGEST.match(spki):
            self.digest = spki
        else:
            self.public = PublicKey(from_base64(spki, "the spki of %s" % name))
            self.digest = self.public.digest


class Session:
    """Walks the events over the script. Every rule that an event breaks becomes a problem of its claim."""

    ANY_TIME = ("arrived", "left", "refused", "deviated", "paused", "suspended", "aborted", "resumed", "fault")

    def __init__(self, script, authority, transcript, signatures, claims):
        self.script, self.authority, self.transcript = script, authority, transcript
        self.state = authority.state
        self.signatures, self.claims = signatures, claims
        self.frames = [Frame("main", script.steps)]
        self.waiting = None  # pause, suspension or fault: only `resumed` may follow
        self.must_pause = False
        self.present, self.voided = {}, []  # seat -> person; seats whose sign-in `resumed` voided
        self.sat = {}  # person -> seats taken at this ceremony
        self.seat_people = {}  # seat -> people who sat in it
        self.unlocked = {}  # token -> credential
        self.stopped_unlocked = set()  # (token, credential) that were unlocked when the main line was stopped
        self.stopped_out = {}  # items that were out when `suspended` came -> their seals
        self.stopped_open = set()  # places that were open when the main line was stopped
        self.sets = {}  # (token, credential) -> set in force
        self.holders = {}  # token -> people who hold a share of it
        self.acted = []  # (person, token, where): must hold no share of that token
        self.keys, self.drafts, self.signed, self.intents = {}, {}, {}, {}
        self.generated, self.completed_at, self.destroyed, self.copies = {}, {}, {}, {}
        self.ended = set()  # operations that were completed
        self.begun = set()  # the operations of which anything happened
        self.published = set()  # artifacts that were compared with what is published
        self.adopted = set()  # what was made before and has entered the register
        self.items = {i["id"]: Item(i["place"], i["seal"], i.get("sent", False)) for i in script.value["items"]}
        self.belonging = {}  # place -> items that lie in it, or in a place within
        for item in script.value["items"]:
            for place in (item["place"], *self.state.around(item["place"])):
                self.belonging.setdefault(place, []).append(item["id"])
        self.open_places, self.doubtful_places = set(), set()
        self.seals = {i["seal"] for i in script.value["items"] if i["seal"]}
        self.seals |= {i["seal"] for i in self.state.value["items"] if i["seal"]}
        self.seals |= set(script.value.get("seals", []))
        self.last_checkpoint, self.outcome, self.stopped = None, None, None
        self.deviations, self.refusals, self.made, self.waived = [], [], {}, set()
        self.counts, self.waivers = {}, {}  # (code, operation) -> the last day on which it is waived
        for waiver in script.value["waivers"]:
            accepted, day = (waiver["code"], waiver["operation"]), waiver["expires"][:10]
            if DAY.match(day):
                self.waivers[accepted] = max(day, self.waivers.get(accepted, ""))
        for one in script.value["sets"]:
            place = (one["token"], one["credential"])
            need(place not in self.sets, "script.sets: two sets for one credential of %s" % one["token"])
            self.sets[place] = one["set"]
            self._share_set(one["set"], "script.sets")
            self.holders.setdefault(one["token"], set()).update(c["person"] for c in one["set"]["commitments"])
        for key in script.value["keys"]:
            self.keys[key["id"]] = Key(key["id"], key["object"], key["token"], key["type"], key["spki"])

    # ---- the loop ----

    def run(self):
        events = self.transcript.events
        if events[0].millis < self.script.opens * 1000:
            self.claims.fail("steps", "event 0: opened before the window of the script")
        if events[0].step:
            self.claims.fail("steps", "event 0: `opened` names a step")
        self._advance()
        for event in events[1:]:
            self.event = event
            try:
                self._take(event)
            except Bad as bad:
                self.claims.fail("steps", "%s: %s" % (self.where, bad))
                self.stopped = event.seq
                break
        if self.stopped is not None:
            for claim in ("people", "quorums", "keys", "custody"):
                self.claims.leave_open(claim, "only read as far as event %d" % self.stopped)
        self._at_the_end()

    @property
    def where(self):
        return "event %d (%s, step %s)" % (self.event.seq, self.event.kind, self.event.step or "none")

    def fail(self, claim, text):
        self.claims.fail(claim, "%s: %s" % (self.where, text))

    def count(self, name):
        self.counts[name] = self.counts.get(name, 0) + 1

    @property
    def frame(self):
        """The line whose step the next event belongs to."""
        if self.waiting == "suspension":
            return self.frames[-2]
        return self.frames[-1]

    @property
    def step(self):
        return self.frame.step

    def _take(self, event):
        step = self.step
        if self.waiting:
            if event.kind not in ("resumed", "fault"):
                raise OutOfOrder("after %s only `resumed` may follow" % self.waiting)
        if self.must_pause and event.kind not in ("left", "paused", "suspended", "aborted", "resumed", "fault"):
            self.fail("people", "fewer people are present than the act needs, and the ceremony was not paused")
            self.must_pause = False
        if step is None or event.step != step["id"]:
            raise OutOfOrder("the step must be %s" % (step["id"] if step else "none"))
        for call in (event.body or {}).get("calls", ()):
            need(len(call) == 2 and type(call[0]) is str, "a call is not a pair of function and result")
        if event.kind in self.ANY_TIME:
            getattr(self, "_on_" + event.kind)(event.body)
        elif event.kind == "written" and self._evidence(event.body):
            pass
        else:
            self._presence_of_act()
            self.begun |= {step["operation"]} if "operation" in step else set()
            if getattr(self, "_step_" + step["kind"])(step, event, self.frame.work):
                self.frame.next()
        self._advance()

    def _advance(self):
        """Pass over what has nothing to do; leave a branch that is done."""
        while not self.waiting:
            frame = self.frames[-1]
            if frame.step is None:
                if frame.name == "suspend":
                    self.waiting = "suspension"
                elif frame.name == "resume":
                    self.frames.pop()
                    if self.frames[-1].name == "main":
                        self.stopped_unlocked, self.stopped_out, self.stopped_open = set(), {}, set()
                    continue
                return
            if not self._nothing_to_do(frame, frame.step):
                return
            frame.next()

    def _nothing_to_do(self, frame, step):
        """spec/script.md: what a step, above all in a branch, is passed over for."""
        kind, branch = step["kind"], frame.name != "main"
        if kind == "attendance":
            return all(seat in self.present for seat in self._roll(step))
        if kind == "lock":
            return step["token"] not in self.unlocked
        if not branch:
            return False
        if kind == "compare" and step["source"] == "checkpoint":
            return self.last_checkpoint is None
        of_token = kind == "compare" and step["source"] == "token"
        if (kind in ("unlock", "custody") or of_token) and frame.name == "resume" and self.frames[-2].name != "main":
            return True  # a suspension or an abort goes on by itself
        if of_token and frame.name == "resume":
            return not self._at_hand(step["expected"])
        if kind == "unlock":
            return (step["token"], step["credential"]) not in self.stopped_unlocked or step["token"] in self.unlocked
        return kind == "custody" and self._custody_done(step, frame.name == "resume")

    def _custody_done(self, step, resuming):
        """Custody in a branch puts away what is out; after a suspension everything comes to be as it was before."""
        action, place, item = step["action"], step["place"], self.items.get(step["item"])
        stays_open = resuming and place in self.stopped_open
        if action == "close":
            return place not in self.open_places or stays_open
        if action == "open":
            inside = self.belonging.get(place, ())
            if resuming:
                due = stays_open or any(self._to_take(name) for name in inside)
            else:
                due = any(self.items[name].out for name in inside)
            return place in self.open_places or not due
        if item is None:
            return False
        if resuming and action == "take":
            return not self._to_take(step["item"])
        if resuming and action == "unseal":
            return self.stopped_out.get(step["item"], "none") != "" or not item.out or not item.seal
        if not resuming and action == "put":
            return not item.out
        if not resuming and action == "seal":
            return not item.out or bool(item.seal)
        return False

    def _at_hand(self, token):
        """Whether the number on a token can be read: no item here leads to it, or one that does is out and open."""
        bags = [
            self.items[i["id"]] for i in self.state.items.values() if i["holder"] == token and i["id"] in self.items
        ]
        return not bags or any(bag.out and not bag.seal for bag in bags)

    def _to_take(self, name):
        return name in self.stopped_out and not self.items[name].out

    def _roll(self, step):
        """Whom an attendance waits for; they come in any order, for `arrived` may come at any moment."""
        return step["seats"] or self.voided

    def _act(self):
        """The seats that must be there all through the act; none in a branch or while people arrive."""
        frame = self.frame
        if frame.name != "main" or frame.step is None or frame.step["kind"] == "attendance":
            return ()
        return self.script.acts[self.script.act_of[frame.step["id"]] - 1]["present"]

    def _presence_of_act(self):
        seats = self._act()
        missing = [seat for seat in seats if seat not in self.present]
        if missing:
            self.fail("people", "%s must be present all through the act and is not" % ", ".join(missing))
        elif seats and len({self.present[seat] for seat in seats}) < self.state.fewest:
            self.fail("people", "one person is alone in all the seats that the act needs")

    # ---- people ----

    def person_in(self, seat, claim="people"):
        """The person present in a seat, or None and a problem."""
        if seat not in self.present:
            self.fail(claim, "seat %s acts and is not present" % plain(seat))
            return None
        return self.present[seat]

    def people_in(self, seats, claim="people"):
        no_twins(seats, "a seat acts twice")
        people = [self.person_in(seat, claim) for seat in seats]
        if len(set(people)) != len(people):
            self.fail(claim, "one person acts for two")
        return people

    def check_signature(self, claim, signature, kind, own, attempt="", arriving=False):
        """A Signature of a statement made at this event by who sits in the seat. The person's id, or None."""
        event, seat_id = self.event, signature["seat"]
        try:
            seat = self.script.seats.get(seat_id)
            need(seat is not None, "a signature of an unknown seat %s" % seat_id)
            if not arriving:
                need(
                    self.present.get(seat_id) == signature["person"],
                    "%s signs and is not present in seat %s" % (signature["person"], seat_id),
                )
            person = self.authority.person(signature["person"])
            need(
                current(person, seat["role"], event.day),
                "%s is not appointed to %s on %s" % (person["id"], seat["role"], event.day),
            )
            context = {
                "authority": self.script.authority["state"], "ceremony": self.script.ceremony,
                "script": self.script.digest,
                "step": event.step, "attempt": attempt, "window": self.script.window_line, "role": seat["role"],
                "transcript": "%d %s" % (event.seq, self.transcript.roots[event.seq].hex()),
            }  # fmt: skip
            key, _ = self.signatures.check(
                person,
                kind,
                self.script.mode,
                context,
                own,
                signature["statement"],
                signature["signature"],
                "seat %s" % seat_id,
            )
            made = signature["made"]
            need(made != "stand-in" or self.script.mode == "rehearsal", "signed by a stand-in in a real ceremony")
            need(made != "hardware" or key.security_key, "said to be made in hardware, and the key is no security key")
            self.made[made] = self.made.get(made, 0) + 1
            return person["id"]
        except Bad as bad:
            self.fail(claim, str(bad))
            return None

    def _on_arrived(self, body):
        seat, name = self.script.seats.get(body["seat"]), body["person"]
        if seat is None:
            raise OutOfOrder("an unknown seat %s" % body["seat"])
        if body["seat"] in self.present:
            raise OutOfOrder("seat %s is already taken" % body["seat"])
        if name != seat["person"] and name not in seat["alternates"]:
            self.fail("people", "%s is neither the person nor an alternate of seat %s" % (name, seat["id"]))
        person = self.state.people.get(name)
        if person is None or not current(person, seat["role"], self.event.day):
            self.fail("people", "%s is not appointed to %s on %s" % (name, seat["role"], self.event.day))
        seats = self.script.seats
        if any(one == name and seats[other]["role"] == seat["role"] for other, one in self.present.items()):
            self.fail("people", "%s sits in two seats of the role %s" % (name, seat["role"]))
        for other in {seats[other]["role"] for other in self.sat.get(name, ()) if other != seat["id"]}:
            roles = sorted((other, seat["role"]))
            if set(roles) <= self.state.roles.keys() and self.state.excludes(*roles):
                self.fail("people", "%s sits as %s and as %s, which exclude each other" % (name, *roles))
        self.sat.setdefault(name, set()).add(seat["id"])
        self.seat_people.setdefault(seat["id"], set()).add(name)
        own = [("seat", seat["id"]), ("person", name)]
        signatures, wanted = body["signatures"], 1 if person is None or person["presence"] == "keyed" else 2
        if len(signatures) != wanted:
            self.fail("people", "a sign-in with %d signatures, needs %d" % (len(signatures), wanted))
        signers = set()
        for signature in signatures:
            if wanted == 1 and (signature["person"], signature["seat"]) != (name, seat["id"]):
                self.fail("people", "the sign-in is not by the person who arrives")
                continue
            signers.add(self.check_signature("people", signature, "sign-in", own, arriving=wanted == 1))
        if len(signers) != wanted:
            self.fail("people", "a sign-in not by %d different people" % wanted)
        self.present[seat["id"]] = name
        self.count("sign-ins")

    def _on_left(self, body):
        seat = body["seat"]
        if seat not in self.present and seat not in self.voided:
            raise OutOfOrder("seat %s leaves and is not present" % plain(seat))
        if self.present or body["by"]:
            self.person_in(body["by"])
        self.present.pop(seat, None)
        self.voided = [other for other in self.voided if other != seat]
        if any(seat not in self.present for seat in self._act()):
            self.must_pause = True
        self.count("times a person left")

    # ---- what may come at any time ----

    def _on_refused(self, body):
        if body is None:
            self.refusals.append("event %d withheld" % self.event.seq)
            return
        if body["seat"] and body["seat"] not in self.script.seats:
            self.fail("steps", "an unknown seat %s" % plain(body["seat"]))
        self.refusals.append("event %d %s" % (self.event.seq, plain(body["code"], 60)))

    def _two_signatures(self, body, own):
        people = set()
        for signature in body["signatures"]:
            people.add(self.check_signature("steps", signature, "deviation", own))
        if len(body["signatures"]) != 2 or len(people - {None}) != 2:
            self.fail("steps", "not signed by two different people")

    def _on_deviated(self, body):
        own = [("event", "deviated")] + [(name, body[name]) for name in ("what", "why", "impact")]
        self._two_signatures(body, [*own, ("skip", "yes" if body["skip"] else "no")])
        step = self.step
        what = "%s step %s: %s" % ("skipped" if body["skip"] else "deviated", step["id"], plain(body["what"], 80))
        self.deviations.append(what)
        self.frame.work["deviated"] = True
        if body["skip"]:
            if step["kind"] in NEVER_SKIPPED:
                raise OutOfOrder("a step of kind %s must not be skipped" % step["kind"])
            if step["kind"] == "custody":
                self._skip_custody(step["action"], step["place"], self.items.get(step["item"]))
            self.frame.next()

    def _skip_custody(self, action, place, item):
        """A skipped step counts as done, and what it was to move is doubtful from then on."""
        if place:
            self.doubtful_places.add(place)
        if action == "open":
            self.open_places.add(place)
        elif action == "close":
            self.open_places.discard(place)
        elif item is not None:
            item.doubtful = True
            if action == "seal":
                item.closing, item.gaped = None, True
            if action in ("unseal", "seal"):
                item.seal = ""
            else:
                item.out, item.place, item.sent = action == "take", place, action == "send"

    def _on_paused(self, body):
        self.waiting, self.must_pause = "pause", False
        self.count("pauses")

    def _on_fault(self, body):
        self.waiting = self.waiting or "fault"
        self.count("faults of the program")

    def _on_suspended(self, body):
        self._two_signatures(body, [("event", "suspended"), ("why", body["why"])])
        if self.frames[-1].name == "suspend":
            raise OutOfOrder("suspended while suspended")
        if self.frames[0].name == "abort":
            raise OutOfOrder("suspended while aborting")
        again = self.frames[-1].name == "resume"
        if again:
            self.frames = self.frames[:1]
        self.stopped_unlocked = (self.stopped_unlocked if again else set()) | set(self.unlocked.items())
        out = {name: item.seal for name, item in self.items.items() if item.out}
        self.stopped_out = dict(out, **self.stopped_out) if again else out
        if not again:
            self.stopped_open = set(self.open_places)
        self.frames.append(Frame("suspend", self.script.branches["suspend"]))
        self.must_pause = False
        self.count("suspensions")

    def _on_aborted(self, body):
        self._two_signatures(body, [("event", "aborted"), ("why", body["why"])])
        if any(frame.name == "abort" for frame in self.frames):
            raise OutOfOrder("aborted while aborting")
        for frame in self.frames:
            if frame.step and frame.work.get("phase") in ("complete", "doubt"):
                self.claims.fact(
                    "%s: an attempt was interrupted and is not settled: a pair that no record has, or a credential "
                    "that nobody holds, may be on the token" % frame.step.get("operation", frame.step["id"])
                )
        self.frames = [Frame("abort", self.script.branches["abort"])]
        self.must_pause = False
        self.claims.fact(
            "aborted at event %d, step %s: %s" % (self.event.seq, self.event.step, plain(body["why"], 120))
        )

    def _on_resumed(self, body):
        expected = {"pause": "pause", "suspension": "suspension"}.get(self.waiting, "interruption")
        if body["after"] != expected:
            raise OutOfOrder("resumed after %s, and it was after %s" % (body["after"], expected))
        if body["torn"] is not None and not body["torn"]["path"].startswith("evidence/"):
            self.fail("steps", "a torn line that is not kept in evidence/")
        self.waiting, self.must_pause = None, False
        self.voided = [s for s in self.script.seat_order if s in self.present or s in self.voided]
        self.present = {}
        if self.frames[-1].name == "resume":
            self.frames.pop()
            self.stopped_unlocked |= set(self.unlocked.items())
        elif expected == "suspension":
            self.frames.pop()
        elif self.frames[-1].name == "suspend":
            self.stopped_unlocked |= set(self.unlocked.items())
        else:
            self.stopped_unlocked, self.stopped_out = set(self.unlocked.items()), {}
            self.stopped_open = set(self.open_places)
        self.unlocked = {}
        for frame in self.frames:
            self._void(frame.work)
        first = self.frames[0]
        if len(self.frames) == 1 and first.name == "main" and first.step and self.script.act_of[first.step["id"]] == 1:
            self.frames, self.voided, self.stopped_unlocked = [Frame("main", self.script.steps)], [], set()
        else:
            self.frames.append(Frame("resume", self.script.branches["resume"]))
        self.count("resumptions after " + body["after"])

    @staticmethod
    def _void(work):
        """Entered words are volatile, an attempt that was intended is in doubt, signatures stand."""
        if work.get("phase") in ("shared", "intend"):
            work["phase"] = "command"
        elif work.get("phase") == "complete":
            work["phase"] = "doubt"

    def _evidence(self, body):
        return (
            body["operation"] == "" and body["files"] and all(f["path"].startswith("evidence/") for f in body["files"])
        )

    # ---- steps of one or two events ----

    def expect(self, event, *kinds):
        if event.kind not in kinds:
            raise OutOfOrder("must be %s here" % " or ".join("`%s`" % kind for kind in kinds))

    def _step_attendance(self, step, event, work):
        self.expect(event, "arrived")

    def _by(self, seats, step):
        if seats != step["by"]:
            raise OutOfOrder("by %s, must be by %s" % (", ".join(map(plain, seats)), ", ".join(step["by"])))
        return self.people_in(seats)

    def _step_read(self, step, event, work):
        self.expect(event, "acknowledged")
        self._by(event.body["by"], step)
        return True

    def _step_adopt(self, step, event, work):
        self.expect(event, "acknowledged")
        self._by(event.body["by"], step)
        self.adopted.update(step["artifacts"])
        return True

    def _is_expected(self, step, value):
        source = step["source"]
        if source == "checkpoint":
            return self.last_checkpoint is not None and are_words_of(value, self.last_checkpoint)
        if source == "digest":
            return are_words_of(value, bytes.fromhex(self.script.digest[7:]))
        if source == "token":
            return value == self.script.tokens[step["expected"]]["serial"]
        if source == "clock":
            try:
                return abs(second_of(value) * 1000 - self.event.millis) <= 60_000
            except Bad:
                return False
        if source == "file":
            need(DIGEST.match(step["expected"]), "a comparison with what is no digest of a file")
            return are_words_of(value, bytes.fromhex(step["expected"][7:]))
        words = step["expected"].split()
        return value == step["expected"] or (
            words and all(w.lower() in _POSITION for w in words) and same_words(value, words)
        )

    def _step_compare(self, step, event, work):
        self.expect(event, "mismatched", "compared")
        if event.body is None:
            self.count("mismatches")
            return False
        self._by([entry["seat"] for entry in event.body["values"]], step)
        wrong = [e["seat"] for e in event.body["values"] if not self._is_expected(step, e["value"])]
        if event.kind == "mismatched":
            self.count("mismatches")
            if not wrong:
                self.fail("steps", "a mismatch in which every value is the expected one")
            return False
        if wrong:
            self.fail("steps", "compared, and %s read another value" % ", ".join(wrong))
        if step["source"] == "file":
            named = self.script.value.get("publications", [])
            self.published.update(one["artifact"] for one in named if one["digest"] == step["expected"])
        return True

    def _step_look(self, step, event, work):
        if not work.get("seen"):
            self.expect(event, "observed")
            work["seen"], work["deviated"] = True, False
            strict = self.script.rules == "webpki" and self.script.mode == "real"
            if event.body is not None:
                if event.body["what"] != step["what"]:
                    raise OutOfOrder("observed %s, must be %s" % (plain(event.body["what"]), step["what"]))
                work["bad"] = strict and any(f["level"] == "FAIL" for f in event.body["findings"])
            elif strict:
                self.claims.leave_open("steps", "%s: withheld, and with it whether a check failed" % self.where)
            return False
        self.expect(event, "acknowledged")
        self._by(event.body["by"], step)
        if work.get("bad") and not work["deviated"]:
            self.fail("steps", "the machine failed a check and nobody stated a deviation")
        return True

    def _step_media(self, step, event, work):
        self.expect(event, "written")
        work["copies"] = work.get("copies", 0) + 1
        prefix = "media/%d/" % work["copies"]
        if (
            event.body["operation"]
            or not event.body["files"]
            or not all(f["path"].startswith(prefix) for f in event.body["files"])
        ):
            raise OutOfOrder("a copy that is not below %s" % prefix)
        return work["copies"] >= step["copies"]

    def _step_lock(self, step, event, work):
        self.expect(event, "locked")
        if event.body["token"] != step["token"]:
            raise OutOfOrder("locked another token than %s" % step["token"])
        self.unlocked.pop(step["token"], None)
        return True

    def _step_checkpoint(self, step, event, work):
        if "root" not in work:
            self.expect(event, "checkpoint")
            root = self.transcript.roots[event.seq]
            if event.body["size"] != event.seq or event.body["root"] != root.hex():
                self.claims.fail("transcript", "%s: is not the size and root of the events before it" % self.where)
            work.update(root=event.body["root"], size=event.body["size"], people=set(), roles=set())
            self.last_checkpoint = root
            self.count("checkpoints")
            return step["need"] == 0
        self.expect(event, "cosigned")
        signature = event.body["signature"]
        own = [("size", work["size"]), ("root", work["root"]), ("origin", origin_of(self.script))]
        person = self.check_signature("cosignatures", signature, "checkpoint", own)
        role = self.script.seats.get(signature["seat"], {}).get("role")
        if (person is not None and person in work["people"]) or role in work["roles"]:
            self.fail("cosignatures", "cosigned twice by one person or role")
        work["people"].add(person)
        work["roles"].add(role)
        work["count"] = work.get("count", 0) + 1
        return work["count"] >= step["need"]

    def _step_close(self, step, event, work):
        self.expect(event, "closed")
        if event.body["outcome"] != step["outcome"]:
            raise OutOfOrder("closed as %s, must be %s" % (event.body["outcome"], step["outcome"]))
        self.outcome = event.body["outcome"]
        return True

    # ---- custody ----

    def _step_custody(self, step, event, work):
        self.expect(event, "mismatched", "moved")
        body = event.body
        if event.kind == "mismatched":
            self.count("mismatches")
            if body is not None:
                self._by([entry["seat"] for entry in body["values"]], step)
                item = self.items.get(step["item"])
                if step["action"] == "take" and item and all(e["value"] == item.seal for e in body["values"]):
                    self.fail("custody", "a mismatch in which every value is the expected one")
            return False
        if (body["action"], body["item"], body["place"]) != (step["action"], step["item"], step["place"]):
            raise OutOfOrder("moved otherwise than the step says")
        people = self._by(body["by"], step)
        try:
            self._logged(step["action"], body["log"])
            getattr(self, "_custody_" + step["action"])(step, body, people)
        except Bad as bad:
            self.fail("custody", str(bad))
        return True

    def _logged(self, action, line):
        """A place has its log book, and what is sent its carrier (whom the first records did not name)."""
        if action in ("open", "close"):
            need(line.strip(), "a place was %sed without a line of its log book" % action.rstrip("e"))
        else:
            need(not line or (action == "send" and line.strip()), "says more than that something was moved")

    def _open(self, place, doubtful=False):
        if place in self.state.places and self.state.places[place]["controllers"]["need"] < 1:
            return
        need(place in self.open_places or place in self.doubtful_places, "the place %s is not open" % plain(place))

    def _controllers(self, place, body):
        need(place in self.state.places, "the authority has no place %s" % plain(place))
        for member, name in (("controllers", "controllers"), ("beside", "people with a key beside")):
            rule = self.state.places[place].get(member)
            if rule is None:
                continue
            people = {self.present.get(s) for s in body["by"] if self.script.seats[s]["role"] == rule["role"]} - {None}
            people = {person for person in people if person in rule.get("people", [person])}
            need(len(people) >= rule["need"], "%s has %d of its %d %s" % (place, len(people), rule["need"], name))

    def _near(self, place):
        """Nobody reaches into a place of another facility."""
        where = self.state.places[place]["facility"] if place in self.state.places else self.script.value["facility"]
        need(where == self.script.value["facility"], "%s lies at %s, and not here" % (plain(place), plain(where)))

    def _custody_open(self, step, body, people):
        self._controllers(step["place"], body)
        self._near(step["place"])
        need(
            step["place"] not in self.open_places or step["place"] in self.doubtful_places,
            "%s is already open" % plain(step["place"]),
        )
        for outer in self.state.around(step["place"])[:1]:
            need(
                outer in self.open_places or outer in self.doubtful_places,
                "%s is opened and %s around it is not" % (plain(step["place"]), plain(outer)),
            )
        need(body["values"] == [] and body["left"] == [] and body["seal"] == "", "says more than an opening")
        self.open_places.add(step["place"])

    def _custody_close(self, step, body, people):
        self._controllers(step["place"], body)
        place = step["place"]
        need(place in self.open_places or place in self.doubtful_places, "%s is not open" % plain(place))
        self.open_places.discard(place)
        inside = {name for name, item in self.items.items() if item.place == place and not item.out}
        awaited = {name for name in inside if self.items[name].sent}
        doubtful = {name for name, item in self.items.items() if item.doubtful}
        no_twins(body["left"], "items left in")
        odd = (set(body["left"]) ^ inside) - doubtful - awaited
        for name in awaited & set(body["left"]):
            self.items[name].sent = False
        within = [p for p in sorted(self.open_places - self.doubtful_places) if place in self.state.around(p)]
        need(not within, "%s is closed and %s within it is open" % (plain(place), ", ".join(map(plain, within))))
        need(not odd, "%s was closed and %s is not as the walk has it" % (place, ", ".join(map(plain, sorted(odd)))))
        need(body["values"] == [] and body["seal"] == "", "says more than a closing")

    def _item(self, step):
        need(step["item"] in self.items, "the script lists no item %s" % plain(step["item"]))
        return self.items[step["item"]]

    def _unnumbered(self, body):
        """Nothing but that something was moved."""
        need(body["values"] == [] and body["left"] == [] and body["seal"] == "", "says more than that it was moved")

    def _numbers(self, body, seal):
        """The seal numbers typed: by every seat, and all of them this one."""
        need(body["left"] == [], "says more than the number of a bag")
        numbers = [(e["seat"], e["value"]) for e in body["values"]]
        need([seat for seat, _ in numbers] == body["by"], "the seal is not read by every seat of the step")
        need(
            all(value == seal for _, value in numbers),
            "a seal number was read that is not %s" % (plain(seal) or "none"),
        )
        need(body["seal"] in ("", seal), "names another seal than was read")

    def _custody_take(self, step, body, people):
        item = self._item(step)
        if item.seal:
            self._numbers(body, item.seal)
        else:
            self._unnumbered(body)
        if not item.doubtful:
            need(not item.out, "%s is taken and was already out" % step["item"])
            need(
                step["place"] in ("", item.place),
                "%s is taken from %s and lies in %s" % (step["item"], step["place"], item.place),
            )
            self._near(item.place)
            self._open(item.place)
        item.out, item.sent, item.compared = True, False, bool(item.seal)

    def _custody_unseal(self, step, body, people):
        item = self._item(step)
        need(item.out or item.doubtful, "%s is unsealed in its place" % step["item"])
        need(item.seal, "%s is unsealed and was not sealed" % step["item"])
        self._unnumbered(body)
        item.seal = ""

    def _custody_seal(self, step, body, people):
        item = self._item(step)
        need(item.out or item.doubtful, "%s is sealed in its place" % step["item"])
        need(not item.seal, "%s is sealed and already is" % step["item"])
        need(body["seal"], "sealed without a number")
        need(len(set(people)) >= self.state.fewest, "sealed before fewer than %d" % self.state.fewest)
        need(body["seal"] not in self.seals, "the seal %s was seen before" % plain(body["seal"]))
        self._numbers(body, body["seal"])
        item.seal = body["seal"]
        item.closing = {name for name in self.keys if name not in self.script.keys}
        self.seals.add(item.seal)

    def _custody_put(self, step, body, people):
        item = self._item(step)
        if not item.doubtful:
            need(item.out, "%s is put away and was not out" % step["item"])
            need(item.seal, "%s is put away unsealed" % step["item"])
            self._near(step["place"])
            self._open(step["place"])
        self._unnumbered(body)
        item.out, item.place, item.sent = False, step["place"], False

    def _custody_send(self, step, body, people):
        item, place = self._item(step), self.state.places.get(step["place"])
        need(place is not None, "the authority has no place %s" % plain(step["place"]))
        need(place["facility"] != self.script.value["facility"], "%s is sent to where it is" % step["item"])
        need(self.frame.name == "main", "%s is sent away in a branch" % step["item"])
        if not item.doubtful:
            need(item.out, "%s is sent away and was not out" % step["item"])
            need(item.seal, "%s is sent away unsealed" % step["item"])
        need(len(set(people)) >= self.state.fewest, "sent away before fewer than %d" % self.state.fewest)
        self._unnumbered(body)
        item.out, item.place, item.sent = False, step["place"], True
        carrier = body["log"].strip() or "somebody whom the record does not name"
        self.claims.fact(
            "%s left for %s at %s, taken by %s, as entered" % (step["item"], step["place"], place["facility"], carrier)
        )

    # ---- operations: share, generate, issue ----

    def _step_share(self, step, event, work):
        return self._operate(self.script.operations[step["operation"]], event, work)

    _step_generate = _step_share
    _step_destroy = _step_share
    _step_sign = _step_share
    _step_issue = _step_share

    def _step_import(self, step, event, work):
        if not work.get("brought"):
            self.expect(event, "acknowledged")
            self._by(event.body["by"], step)
            self.claims.attempt("custody", self._came_in, self.script.operations[step["operation"]])
            work["brought"] = True
            return False
        return self._step_share(step, event, work)

    def _came_in(self, operation):
        """The bag that a copy came in was compared and opened today."""
        carrier = operation.get("carrier")
        if carrier:
            item = self._item({"item": carrier})
            opened = item.doubtful or (item.out and not item.seal)
            need(opened, "%s came in %s, which is not opened" % (operation["key"], carrier))
            compared = item.doubtful or item.compared
            need(compared, "%s came in %s, whose number nobody compared" % (operation["key"], carrier))

    def _operate(self, operation, event, work):
        """The grammar of an operation. `phase` is what must come next; `doubt` is an attempt that `resumed` cut off."""
        kind, body = operation["kind"], event.body
        if not work.get("phase"):
            phase = "draft" if kind in DRAFTED_KINDS else "approve"
            work.update(phase=phase, attempt=1, approvers=set(), settlers=set())
        if body is not None and event.kind != "mismatched" and body.get("operation") != operation["id"]:
            raise OutOfOrder("belongs to another operation than %s" % operation["id"])
        if "attempt" in (body or {}) and body["attempt"] != work["attempt"]:
            raise OutOfOrder("attempt %d, must be %d" % (body["attempt"], work["attempt"]))
        again = ("completed", "settled")
        doubtful = {"share": again, "generate-key": ("settled",), "destroy-key": again}
        if kind == "sign-skr" and self._deterministic(operation, work):
            doubtful["sign-skr"] = again
        allowed = {
            "draft": ("drafted",),
            "lint": ("linted",),
            "relint": ("linted",),
            "approve": ("approved",),
            "command": ("commanded", "mismatched"),
            "shared": ("shared",),
            "intend": ("intended", "shared") if kind == "share" and operation["fate"] == "shared" else ("intended",),
            "complete": again,
            "doubt": doubtful.get(kind, ("approved", "settled")),
            "write": ("written",),
        }[work["phase"]]
        self.expect(event, *allowed)
        return getattr(self, "_op_" + event.kind)(operation, body, work)

    def _op_drafted(self, operation, body, work):
        tbs = from_base64(body["tbs"], "the draft")
        if body["digest"] != digest_of(tbs):
            self.claims.fail("artifacts", "%s: the digest is not that of the draft" % self.where)
        self._findings(body["findings"], operation)
        self.drafts[operation["id"]] = (tbs, self.event)
        work.update(phase="lint" if self._is_linted(operation) else "approve", digest=digest_of(tbs))

    def _is_linted(self, operation):
        """Linters read certificates and CRLs; of a request none has anything to say."""
        return bool(self.script.value.get("linters")) and operation["kind"] in (*CERTIFICATE_KINDS, "crl")

    def _op_linted(self, operation, body, work):
        expected = "draft" if work["phase"] == "lint" else "finished"
        tools = [tool["name"] for tool in body["tools"]]
        no_twins(tools, self.where)
        if body["object"] != expected:
            raise OutOfOrder("linted is the %s object, must be the %s" % (body["object"], expected))
        if expected == "draft" and body["digest"] != work["digest"]:
            self.fail("artifacts", "other bytes were linted than were drafted")
        for name in self.script.value["linters"]:
            if name not in tools:
                self.fail("artifacts", "the linter %s was left out" % name)
        self._findings(body["findings"], operation)
        by = " and ".join("%s %s" % (tool["name"], plain(tool["version"])) for tool in body["tools"])
        self.count("linted by " + by)
        work.update(phase="approve" if expected == "draft" else "write", linted=body["digest"])

    @staticmethod
    def _due(operation, work):
        """The response that is signed next."""
        return operation["responses"][min(work.get("done", 0), len(operation["responses"]) - 1)]

    def _deterministic(self, operation, work):
        """Whether the response that is due is signed with keys that make the same signature again."""
        keys = [self.keys.get(part["key"]) for part in self._due(operation, work)["keys"]]
        return all(key is not None and key.type.startswith(("rsa", "ed")) for key in keys)

    def _listing(self, operation, work):
        """The signings of a sign-skr, from its draft."""
        if "listing" not in work:
            listing = read_canonical(self.drafts[operation["id"]][0])
            shape(listing, LISTING, "the draft of %s" % operation["id"])
            ids = [one["id"] for one in listing["responses"]]
            need(ids == [one["id"] for one in operation["responses"]], "a draft of other responses than the script's")
            work["listing"] = listing["responses"]
        return work["listing"]

    def _intent_of_responses(self, operation, own, work):
        for name in dict.fromkeys(part["key"] for one in operation["responses"] for part in one["keys"]):
            key = self.keys.get(name)
            if key is None:
                raise OutOfOrder("the key %s does not exist" % name)
            own.append(("key", "%s %s" % (key.object, key.digest)))
        for planned, listed in zip(operation["responses"], self._listing(operation, work)):  # noqa: B905 (Python 3.9)
            text = "%(id)s zone %(zone)s schema %(schema)s act %(act)s" % planned
            back_out = " back-out-of %s" % planned["back_out_of"] if planned["back_out_of"] else ""
            again = " again-of %s" % planned["again_of"] if planned.get("again_of") else ""
            own.append(("response", text + back_out + again))
            own += [("reason", planned["reason"])] if planned["reason"] else []
            own += [("rrset", "%(bundle)d %(tag)d %(digest)s" % one) for one in listed["signings"]]
        return [*own, ("digest", work["digest"]), *(("output", output) for output in operation["outputs"])]

    def _intent(self, operation, work):
        """The own lines of an intent, and its digest."""
        token = self.script.tokens[operation["token"]]["serial"]
        own = [("operation", operation["id"]), ("kind", operation["kind"]), ("token", token)]
        if operation["kind"] == "share":
            own += [("credential", operation["credential"]), ("fate", operation["fate"])]
            shares = "%d of %d" % (operation["threshold"], len(operation["holders"]))
            own.append(("shares", shares if operation["fate"] == "shared" else "none"))
        elif operation["kind"] in KEY_KINDS:
            own += [("key", operation["object"]), ("key-type", operation["type"]), ("use", operation["use"])]
        elif operation["kind"] == "sign-skr":
            return self._intent_of_responses(operation, own, work)
        elif operation["kind"] == "import-key":
            key = self._brought(operation)
            if key is None:
                raise OutOfOrder("the key %s does not exist" % operation["key"])
            work["digest"] = digest_of(possession_text(self.script, operation, key.digest))
            own += [("of", operation["key"]), ("spki", key.digest), ("digest", work["digest"])]
            return own + [("output", output) for output in operation["outputs"]]
        elif operation["kind"] == "destroy-key":
            own += [("key", operation["object"]), ("spki", operation["spki"])]
        else:
            key = self.keys.get(operation["key"])
            if key is None:
                raise OutOfOrder("the key %s does not exist yet" % operation["key"])
            own += [("key", key.object), ("spki", key.digest), *described(operation), ("digest", work["digest"])]
            return own + [("output", output) for output in operation["outputs"]]
        work["digest"] = digest_of(lines_of(own))
        return [*own, ("digest", work["digest"])]

    def _brought(self, operation):
        """Whose pair an `import-key` brings: a key on another token, or what is in the register or adopted by now."""
        name = operation["key"]
        if name in self.script.adopted and name not in self.adopted:
            return None
        return self.keys.get(name) or self.script.shown.get(name)

    def _op_approved(self, operation, body, work):
        quorum, signature = self.script.quorums.get("authorise", {"need": 1, "role": ""}), body["signature"]
        if work["phase"] == "doubt":
            own = [("operation", operation["id"]), ("outcome", "lost")]
            kind, attempt, people = "settlement", work["attempt"], work["settlers"]
        else:
            own = self._intent(operation, work)
            kind, attempt, people = "intent", 1, work["approvers"]
        if len(people) >= MAX_APPROVALS:
            raise OutOfOrder("approved by more than %d" % MAX_APPROVALS)
        person = self.check_signature("quorums", signature, kind, own, attempt)
        role = self.script.seats.get(signature["seat"], {}).get("role")
        if role != quorum["role"]:
            self.fail("quorums", "approved by a seat of %s, not of %s" % (role, quorum["role"]))
        if person in people and person is not None:
            self.fail("quorums", "approved twice by %s" % person)
        self._in_window()
        self.acted.append((signature["person"], operation["token"], self.where))
        people.add(person if person is not None else self.event.seq)
        if kind == "intent" and len(people) >= quorum["need"]:
            work["phase"] = "command"
        if kind == "settlement" and len(people) > quorum["need"]:
            raise OutOfOrder("more approvals of a settlement than the quorum needs")

    def _op_commanded(self, operation, body, work):
        seat = self.script.seats.get(body["seat"])
        person = self.person_in(body["seat"], "quorums")
        if seat is None or "command" not in self.state.roles.get(seat["role"], {"duties": []})["duties"]:
            self.fail("quorums", "commanded by a seat without the duty `command`")
        if person:
            self.acted.append((person, operation["token"], self.where))
        if "digest" in work and not same_words(body["words"], ends_of(bytes.fromhex(work["digest"][7:]))):
            self.fail("quorums", "the words are not the ends of the digest")
        shared = operation["kind"] == "share" and operation["fate"] == "shared"
        work["phase"] = "shared" if shared else "intend"

    def _op_mismatched(self, operation, body, work):
        """A command with other words than the digest's: it is given again."""
        self.count("mismatches")
        if body is not None:
            need(len(body["values"]) == 1, "a command by more than one")
            self.person_in(body["values"][0]["seat"], "quorums")
            if are_words_of(body["values"][0]["value"], bytes.fromhex(work["digest"][7:])):
                self.fail("steps", "a mismatch in which the words are the expected ones")

    def _share_set(self, one, where):
        need(one["count"] == len(one["commitments"]), "%s: a set that does not list its shares" % where)
        possible = 2 <= one["threshold"] <= one["count"] <= 16 or one["threshold"] == one["count"] == 1
        need(possible, "%s: a set with a threshold that cannot be" % where)
        need(SET_ID.match(one["id"]), "%s: a set id that is not of four hexadecimal digits" % where)
        for member in ("index", "person", "seat", "commitment"):
            no_twins([c[member] for c in one["commitments"]], "%s: %ss of a set" % (where, member))

    def _op_shared(self, operation, body, work):
        work["phase"] = "intend"
        if body is None:
            if self.script.rules == "webpki" and self.script.mode == "real":
                self.claims.leave_open("quorums", "%s: withheld, and with it how the shares were dealt" % self.where)
            for seat in (seat for seat in operation["holders"] if seat not in self.present):
                self.fail("quorums", "a share is dealt to the seat %s, where nobody is" % seat)
            return
        one = body["set"]
        try:
            self._share_set(one, "the set")
            need(one["threshold"] == operation["threshold"], "another threshold than the script's")
            need([c["seat"] for c in one["commitments"]] == operation["holders"], "other holders than the script's")
            for c in one["commitments"]:
                need(
                    self.present.get(c["seat"]) == c["person"],
                    "%s gets a share and is not present in %s" % (c["person"], c["seat"]),
                )
            subsets = math.comb(one["count"], one["threshold"])
            need(body["subsets"] == subsets, "not every threshold subset was recombined")
        except Bad as bad:
            self.fail("quorums", str(bad))
        work["new set"] = one

    def _in_window(self):
        if not self.script.opens * 1000 <= self.event.millis <= self.script.closes * 1000:
            self.fail("quorums", "outside the window of the script")

    def _op_intended(self, operation, body, work):
        digest = work.get("digest")
        if operation["kind"] == "sign-skr":
            listed = self._listing(operation, work)[min(work.get("done", 0), len(operation["responses"]) - 1)]
            digest = digest_of(encode_canonical(listed))
        if body["digest"] != digest:
            self.fail("quorums", "intends other bytes than the approved ones")
        if operation["kind"] != "share" and self.unlocked.get(operation["token"]) != "user":
            self.fail("quorums", "the token %s is used and is not unlocked" % operation["token"])
        self._in_window()
        work["phase"] = "complete"
        self.count("uses of a token")

    def _op_completed(self, operation, body, work):
        members = {"share": "credential", "generate-key": "spki", "import-key": "attributes", "destroy-key": "object"}
        members["sign-skr"] = "signatures"
        member = members.get(operation["kind"], "signature")
        if member not in body:
            raise OutOfOrder("says nothing of %s" % member)
        if work["phase"] == "doubt" and operation["kind"] not in ("share", "destroy-key"):
            self._in_window()  # begun anew; what was begun in time may take its time
        if operation["kind"] != "sign-skr":
            if operation["id"] in self.ended:
                raise OutOfOrder("%s is done once more" % operation["id"])
            self.ended.add(operation["id"])
        if operation["kind"] == "share":
            return self._completed_share(operation, body, work)
        if operation["kind"] == "destroy-key":
            return self._completed_destruction(operation, body)
        if operation["kind"] == "sign-skr":
            made = self.generated.setdefault("responses", {}).setdefault(operation["id"], [])
            if len(made) >= len(operation["responses"]):
                raise OutOfOrder("%s is done once more" % operation["id"])
            made.append([from_base64(one, "a signature") for one in body["signatures"]])
            work["done"] = len(made)
            going_on = "command" if work["phase"] == "doubt" else "intend"  # a command ends with an interruption
            work["phase"] = "write" if work["done"] == len(operation["responses"]) else going_on
            return False
        if operation["kind"] == "import-key":
            self.claims.attempt("keys", self._completed_copy, operation, body)
        elif operation["kind"] in KEY_KINDS:
            self.claims.attempt("keys", self._completed_key, operation, body, work)
        else:
            self.signed_bytes(operation, body)
        work["phase"] = "relint" if self._is_linted(operation) else "write"
        return False

    def signed_bytes(self, operation, body):
        self.completed_at[operation["id"]] = self.event
        self.intents[operation["id"]] = self.drafts[operation["id"]]
        try:
            self.generated.setdefault("signatures", {})[operation["id"]] = from_base64(
                body["signature"], "the signature"
            )
        except Bad as bad:
            self.claims.fail("artifacts", "%s: %s" % (self.where, bad))

    def _completed_share(self, operation, body, work):
        if body["credential"] != operation["credential"]:
            self.fail("quorums", "another credential than the script's")
        place = (operation["token"], operation["credential"])
        self.sets.pop(place, None)
        if operation["fate"] == "shared":
            one = work.get("new set")
            if one is None:  # the event is withheld: the script says who holds it
                people = [(seat, self.present.get(seat, "")) for seat in operation["holders"]]
                commitments = [{"person": person, "seat": seat} for seat, person in people]
                one = {"id": None, "threshold": operation["threshold"], "commitments": commitments, "withheld": True}
            self.sets[place] = one
            self.holders.setdefault(operation["token"], set()).update(c["person"] for c in one["commitments"])
        return True

    def _completed_copy(self, operation, body):
        """The copy counts from here on as a key of its own; its signature is checked among the artifacts."""
        name, of = operation["id"], self._brought(operation)
        for other in self.keys.values():
            if (other.token, other.digest) == (operation["token"], of.digest):
                self.fail("keys", "%s is on %s already, as %s" % (operation["key"], operation["token"], other.id))
        copy = Key(name, body["object"], operation["token"], operation["type"], of.digest)
        copy.public = of.public
        self.keys[name] = self.copies[name] = copy
        self.generated.setdefault("possession", {})[name] = from_base64(body["signature"], "the signature")
        need(type(body["attributes"]) is dict, "key %s: attributes are not an object" % name)
        for attribute, wanted in (("SENSITIVE", "true"), ("EXTRACTABLE", "false")):
            if body["attributes"].get(attribute) != wanted:
                self.fail("keys", "%s is not %s" % (attribute, wanted))

    def known_key(self, name):
        """A key that exists, or that existed until this ceremony destroyed it."""
        return self.keys.get(name) or self.destroyed.get(name)

    def _completed_destruction(self, operation, body):
        key = self.keys.pop(operation["key"], None)
        if key is None:
            raise OutOfOrder("the key %s does not exist any more" % operation["key"])
        if (body["object"], operation["spki"]) != (key.object, key.digest):
            self.fail("keys", "another key was destroyed than the one of the script")
        self.destroyed[operation["key"]] = key
        return True

    ATTRIBUTES = (
        ("LOCAL", "true"),
        ("SENSITIVE", "true"),
        ("ALWAYS_SENSITIVE", "true"),
        ("NEVER_EXTRACTABLE", "true"),
        ("EXTRACTABLE", "false"),
    )

    def _completed_key(self, operation, body, work):
        name = operation["id"]
        expected = operation["object"] + "%02x" % work["attempt"]
        key = Key(name, body["object"], operation["token"], operation["type"], body["spki"])
        need(key.public is not None, "key %s: a digest where its public key must be" % name)
        need(not key.public.is_stand_in, "key %s: a stand-in, whose private key everyone knows" % name)
        need(key.public.algorithm != "rsa" or key.public.e == 65537, "key %s: its exponent is not 65537" % name)
        self.keys[name] = key
        self.generated.setdefault("keys", {})[name] = key
        if body["object"] != expected:
            self.fail("keys", "the object id is not the planned one with the attempt")
        if any(k.digest == key.digest for k in self.keys.values() if k is not key):
            self.fail("keys", "a key that is already another")
        if not key.public.is_of_type(operation["type"]):
            self.fail("keys", "a key of type %s, planned %s" % (key.public.name, operation["type"]))
        attributes = body["attributes"]
        need(type(attributes) is dict, "key %s: attributes are not an object" % name)
        for attribute, wanted in self.ATTRIBUTES:
            if attributes.get(attribute) != wanted:
                self.fail("keys", "%s is not %s" % (attribute, wanted))

    def _op_settled(self, operation, body, work):
        outcome, doubt, kind = body["outcome"], work["phase"] == "doubt", operation["kind"]
        if kind == "share":
            good = outcome == ("absent" if doubt else "failed")
        elif kind == "destroy-key":
            good = outcome == "failed"
        elif kind in KEY_KINDS:
            good = outcome in (("absent", "destroyed") if doubt else ("failed", "absent", "destroyed"))
        else:
            good = outcome == ("lost" if doubt else "failed")
        if not good:
            raise OutOfOrder("an attempt cannot be settled as %s here" % outcome)
        if outcome == "lost" and len(work["settlers"]) < self.script.quorums.get("authorise", {"need": 1})["need"]:
            self.fail("quorums", "an attempt settled as lost without its quorum")
        work.update(phase="command", attempt=work["attempt"] + 1, settlers=set())
        if work["attempt"] > 255:
            raise OutOfOrder("more attempts than can be counted")
        self.claims.fact(
            "attempt %d of %s was settled as %s (event %d)"
            % (body["attempt"], operation["id"], outcome, self.event.seq)
        )

    def _op_written(self, operation, body, work):
        outputs = outputs_of(operation) + records_of(operation)
        paths = [f["path"] for f in body["files"]]
        if sorted(paths) != sorted(outputs):
            self.claims.fail(
                "artifacts", "%s: written are not exactly the outputs of %s" % (self.where, operation["id"])
            )
        if self._is_linted(operation) and work.get("linted") not in [f["digest"] for f in body["files"]]:
            self.fail("artifacts", "other bytes were linted than were written")
        self._findings(body["findings"], operation)
        return True

    def _findings(self, findings, operation):
        """An error stands in the way unless the approved script waives it."""
        for finding in findings:
            if finding["waived"]:
                accepted, waivable = (finding["code"], operation["id"]), finding["code"] in WAIVABLE
                if (waivable or LINT_NAME.match(finding["code"])) and self.event.day <= self.waivers.get(accepted, ""):
                    self.waived.add(accepted)
                else:
                    self.claims.fail(
                        "artifacts",
                        "%s: %s is waived and no waiver of the script fits" % (self.where, plain(finding["code"])),
                    )
            elif finding["severity"].lower() not in ("info", "notice", "warning"):
                self.claims.fail("artifacts", "%s: the finding %s stands" % (self.where, plain(finding["code"])))

    def _step_unlock(self, step, event, work):
        self.expect(event, "unlocked")
        body, token = event.body, self.script.tokens[step["token"]]
        if (body["token"], body["credential"]) != (step["token"], step["credential"]):
            raise OutOfOrder("unlocked otherwise than the step says")
        if body["serial"] != token["serial"]:
            self.fail("quorums", "a token with another serial number than %s" % token["serial"])
        people = self.people_in(body["by"], "quorums")
        one = self.sets.get((step["token"], step["credential"]))
        try:
            need(one is not None, "no set of shares of this credential is known")
            need(one["id"] in (None, body["set"]), "another set than the one in force")
            holders = {c["person"] for c in one["commitments"]}
            need(set(people) <= holders, "unlocked by someone who holds no share")
            need(
                len(set(people)) == one["threshold"],
                "unlocked by %d holders, needs %d" % (len(set(people)), one["threshold"]),
            )
            quorum = self.script.quorums.get("unlock")
            if quorum and step["credential"] == "user":
                need(len(set(people)) >= quorum["need"], "unlocked by fewer than the quorum unlock")
        except Bad as bad:
            self.fail("quorums", str(bad))
        self.unlocked[step["token"]] = step["credential"]
        self.count("unlocks")
        return True

    # ---- the end ----

    def _at_the_end(self):
        claims, script = self.claims, self.script
        for operation in script.value["operations"]:
            if operation["kind"] == "share" and operation["fate"] == "shared":
                people = set().union(*(self.seat_people.get(seat, set()) for seat in operation["holders"]))
                self.holders.setdefault(operation["token"], set()).update(people)
        for person, token, where in self.acted:
            if person in self.holders.get(token, ()):
                claims.fail("quorums", "%s: %s holds a share of %s" % (where, person, token))
        if self.outcome is None and self.stopped is None:
            at = self.step["id"] if self.step else "?"
            claims.leave_open("steps", "the ceremony is not closed; it stands at step %s" % at)
        for name, item in self.items.items():
            if item.doubtful:
                claims.fact("item %s: a deviation made its way doubtful" % name)
            elif self.outcome == "completed" and item.out and item.compared is not None:
                claims.fail("custody", "%s is left out at the end" % name)
            elif self.outcome and item.out:
                claims.fact("item %s: not in a place at the end%s" % (name, "" if item.seal else ", and not sealed"))
        if self.outcome:
            for place in sorted(self.open_places - self.doubtful_places):
                claims.fail("custody", "the place %s is open at the end" % place)
            for token in sorted(self.unlocked):
                claims.fail("quorums", "token %s is unlocked at the end" % token)
        if self.outcome == "completed":
            for waiver in script.value["waivers"]:
                if (waiver["code"], waiver["operation"]) not in self.waived:
                    claims.fail(
                        "artifacts",
                        "the waiver %s for %s was not used" % (plain(waiver["code"]), plain(waiver["operation"])),
                    )

    def register_items(self):
        """Where each lies, in which bag, whether that is in doubt, and whether it is still on its way there."""
        items = self.items.items()
        return {name: ("" if i.out else i.place, i.seal, i.doubtful, i.sent) for name, i in items}


def origin_of(script):
    return "quorate/%s/%s/%s" % (script.authority["name"], script.ceremony, script.mode)


# =====================================================================================================================
# 12  Key sets of zones: spec/skr.md, spec/ksr.md, RFC 4034, RFC 5702, RFC 6605, RFC 8080
# =====================================================================================================================

DNSSEC = {  # number -> mnemonic, signature algorithm, what a policy calls its keys
    8: ("RSASHA256", "rsa-pkcs1-sha256", "RSA"),
    10: ("RSASHA512", "rsa-pkcs1-sha512", "RSA"),
    13: ("ECDSAP256SHA256", "ecdsa-sha256", "ECDSA"),
    14: ("ECDSAP384SHA384", "ecdsa-sha384", "ECDSA"),
    15: ("ED25519", "ed25519", "EdDSA"),
    16: ("ED448", "ed448", "EdDSA"),
}
_NUMBERS = {row[0]: number for number, row in DNSSEC.items()}
SMALL_PRIMES = math.prod(n for n in range(2, 752) if all(n % p for p in range(2, n)))
CURVE_BITS = {13: 256, 14: 384, 15: 256, 16: 456}
MAX_REQUEST = 1 << 20
_IDENTIFIER = re.compile(r"[!#-%(-;=?-_a-~](?:[ !#-%(-;=?-_a-~]{0,253}[!#-%(-;=?-_a-~])?\Z", re.ASCII)
_MARKUP = re.compile(r"""\\?["&'<>`]""")
LISTING = {
    "responses": [
        {"id": ID, "signings": [{"bundle": WHOLE, "data": TEXT, "digest": SHA, "ksk": TEXT, "tag": WHOLE}]}
    ]
}  # fmt: skip


_NAME_PARTS = re.compile(r"\\([0-9]{3})|\\(.)|(.)", re.DOTALL | re.ASCII)


def zone_folder(zone):
    if zone == ".":
        return "inputs/zones/root"
    name = zone.rstrip(".").lower()
    if name == "root" or not re.match(r"[a-z0-9][a-z0-9._-]{0,127}\Z", name):
        name = "sha256-" + hashlib.sha256(wire_name(zone)).hexdigest()
    return "inputs/zones/" + name


def wire_name(text):
    """A domain name in canonical wire form (RFC 4034 6.2), from its text (RFC 1035 5.1); at most 255 octets."""
    need(len(text) <= 4 * 255, "a name that is too long")  # \\DDD, of each octet
    labels, label = [], bytearray()
    for part in _NAME_PARTS.finditer(text if text != "." else ""):
        octet, escaped, plain_one = part.groups()
        if plain_one == ".":
            labels.append(bytes(label))
            label = bytearray()
            continue
        number = int(octet) if octet else ord(escaped or plain_one)
        need(number < (256 if octet or escaped else 128), "a name with an octet that cannot be")
        label.append(number)
    if label:
        labels.append(bytes(label))
    need(all(1 <= len(one) <= 63 for one in labels), "a name with a label that cannot be")
    wire = b"".join(bytes([len(one)]) + one.lower() for one in labels) + b"\x00"
    need(len(wire) <= 255, "a name that is too long")
    return wire


def name_text(text):
    """A domain name as scripts have it, whatever it was written like: in lower case, with its final dot."""
    wire, at, out = wire_name(text), 0, ""
    while wire[at]:
        for octet in wire[at + 1 : at + 1 + wire[at]]:
            plain_one = "\\" * (octet in b'.\\"();@$') + chr(octet)
            out += plain_one if 33 <= octet <= 126 else "\\%03d" % octet
        out, at = out + ".", at + 1 + wire[at]
    return out or "."


class Dnskey:
    """A DNSKEY record."""

    def __init__(self, flags, protocol, algorithm, octets):
        need(algorithm in DNSSEC, "a DNSKEY of an algorithm that this verifier does not know")
        self.flags, self.protocol, self.algorithm, self.octets = flags, protocol, algorithm, octets
        self.rdata = flags.to_bytes(2, "big") + bytes([protocol, algorithm]) + octets
        total = sum(byte << 8 if at % 2 == 0 else byte for at, byte in enumerate(self.rdata))
        self.tag = (total + (total >> 16)) & 0xFFFF  # RFC 4034 appendix B

    @classmethod
    def of(cls, public, mnemonic, flags=257):
        """The record of a public key."""
        number = _NUMBERS.get(mnemonic)
        need(number is not None, "an algorithm that this verifier does not know: %s" % plain(mnemonic))
        if DNSSEC[number][2] == "RSA":
            need(public.algorithm == "rsa", "a key that is none of %s" % mnemonic)
            exponent = public.e.to_bytes((public.e.bit_length() + 7) // 8, "big")
            size = bytes([len(exponent)]) if len(exponent) < 256 else b"\x00" + len(exponent).to_bytes(2, "big")
            octets = size + exponent + public.n.to_bytes((public.n.bit_length() + 7) // 8, "big")
        else:
            wanted = {13: "p256", 14: "p384", 15: "ed25519", 16: "ed448"}[number]
            need(public.name == wanted, "a key that is none of %s" % mnemonic)
            octets = public.bits[1:] if number in (13, 14) else public.bits
        return cls(flags, 3, number, octets)

    @classmethod
    def octets_of(cls, public):
        """The octets of a public key in records, of whichever algorithm."""
        octets = set()
        for name in _NUMBERS:
            try:
                octets.add(cls.of(public, name).octets)
            except Bad:
                continue
        return octets

    def revoked(self):
        return Dnskey(self.flags | 0x80, self.protocol, self.algorithm, self.octets)

    def unrevoked(self):
        return Dnskey(self.flags & ~0x80, self.protocol, self.algorithm, self.octets)

    def verify(self, data, octets):
        """Raises Bad unless these are the octets of an RRSIG of this key over the data."""
        family = DNSSEC[self.algorithm][2]
        if family == "RSA":
            exponent, modulus = self._numbers()
            hash_name = "sha256" if self.algorithm == 8 else "sha512"
            good = 3 <= exponent < 1 << 33 and modulus.bit_length() <= 4096
            good = good and verify_rsa(modulus, exponent, hash_name, data, octets, 512)  # a policy says how many
        elif family == "ECDSA":
            half = CURVE_BITS[self.algorithm] // 8
            curve, hash_name = (P256, "sha256") if self.algorithm == 13 else (P384, "sha384")
            numbers = (int.from_bytes(octets[:half], "big"), int.from_bytes(octets[half:], "big"))
            good = len(octets) == 2 * half and curve.verify(b"\x04" + self.octets, hash_name, data, *numbers)
        else:
            good = BARE["ed25519" if self.algorithm == 15 else "ed448"].verify(self.octets, data, octets)
        need(good, "the signature of the key %d is not valid" % self.tag)

    def need_strong(self):
        """Raises Bad for a key in another form than its one, or too weak: spec/ksr-checks.md KSR-KEY-STRENGTH.

        Whether a modulus is a prime, a power or one that Fermat's method or ROCA's test knows is not asked here.
        """
        if DNSSEC[self.algorithm][2] != "RSA":
            size = {13: 64, 14: 96, 15: 32, 16: 57}[self.algorithm]
            need(len(self.octets) == size, "the key %d is not as long as its algorithm has it" % self.tag)
            curve = {13: P256, 14: P384, 15: Ed25519, 16: Ed448}[self.algorithm]
            good = curve.point(b"\x04" + self.octets) if size in (64, 96) else curve.of_prime_order(self.octets)
            need(good, "the key %d is not a point of its curve" % self.tag)
            return
        exponent, modulus = self._numbers()
        head = exponent.to_bytes((exponent.bit_length() + 7) // 8, "big")
        head = (bytes([len(head)]) if len(head) < 256 else b"\x00" + len(head).to_bytes(2, "big")) + head
        plain_form = head + modulus.to_bytes((modulus.bit_length() + 7) // 8, "big") == self.octets
        need(plain_form, "the key %d is not in the form of RFC 3110" % self.tag)
        good = exponent % 2 and 3 <= exponent < 1 << 33 and 500 < modulus.bit_length() <= 4096
        need(good and math.gcd(modulus, SMALL_PRIMES) == 1, "the key %d is no RSA key to be used" % self.tag)

    def _numbers(self):
        """Exponent and modulus of an RSA key (RFC 3110 2)."""
        size, at = self.octets[0], 1
        if size == 0:
            size, at = int.from_bytes(self.octets[1:3], "big"), 3
        return tuple(int.from_bytes(one, "big") for one in (self.octets[at : at + size], self.octets[at + size :]))

    def ds(self, zone, hash_name):
        return hashlib.new(hash_name, wire_name(zone) + self.rdata).hexdigest()

    def kind(self):
        """Algorithm number, family, size and exponent, as a policy states them."""
        family = DNSSEC[self.algorithm][2]
        if family != "RSA":
            return self.algorithm, family, CURVE_BITS[self.algorithm], 0
        exponent, modulus = self._numbers()
        return self.algorithm, family, modulus.bit_length(), exponent


def rrset_data(zone, keys, signer, ttl, inception, expiration):
    """The bytes that `signer` signs over the DNSKEY RRset `keys` (RFC 4034 3.1.8.1)."""
    owner = wire_name(zone)
    labels = 0
    at = 0
    while owner[at]:
        labels, at = labels + 1, at + 1 + owner[at]
    labels -= owner.startswith(b"\x01*")  # a leading wildcard is not counted (RFC 4034 3.1.3)
    head = b"\x00\x30" + bytes([signer.algorithm, labels]) + ttl.to_bytes(4, "big")
    head += (expiration & 0xFFFFFFFF).to_bytes(4, "big") + (inception & 0xFFFFFFFF).to_bytes(4, "big")
    head += signer.tag.to_bytes(2, "big") + owner
    records = sorted({key.rdata for key in keys})
    start = owner + b"\x00\x30\x00\x01" + ttl.to_bytes(4, "big")
    return labels, head + b"".join(start + len(one).to_bytes(2, "big") + one for one in records)


def ksk_text(operation, public):
    """spec/ksk.md: the records by which a KSK is known."""
    key, zone = Dnskey.of(public, operation["algorithm"]), operation["zone"]
    record = "%d %d %d %s" % (key.flags, key.protocol, key.algorithm, base64.b64encode(key.octets).decode())
    lines = ["%s IN %s %s" % (zone, kind, record) for kind in ("DNSKEY", "CDNSKEY")]
    for kind in ("DS", "CDS"):
        for number, hash_name in ((2, "sha256"), (4, "sha384")):
            digest = key.ds(zone, hash_name).upper()
            lines.append("%s IN %s %d %d %d %s" % (zone, kind, key.tag, key.algorithm, number, digest))
    return "".join(line + "\n" for line in lines).encode("ascii")


class Request:
    """A key signing request, spec/ksr.md; a bundle's `stated` are identifier, tag and TTL of each of its keys."""

    def __init__(self, data):
        root = self._root(data)
        need(root.tag == "KSR" and len(root) == 1 and root[0].tag == "Request", "not a key signing request")
        self.id, self.zone, self.serial = (self._attribute(root, name) for name in ("id", "domain", "serial"))
        self._need_serial()
        policy, *bundles = list(root[0])
        need(policy.tag == "RequestPolicy" and len(policy) == 1, "a request without a policy")
        self.policy = self._policy(policy[0])
        need(bundles and all(one.tag == "RequestBundle" for one in bundles), "a request without bundles")
        self.bundles = [self._bundle(one) for one in bundles]

    @staticmethod
    def _root(data):
        need(len(data) <= MAX_REQUEST, "a request that is too large")
        need(b"\x00" not in data, "a request in another encoding than UTF-8")  # in which no type would be seen

        def declared(*_):
            raise Bad("a request that declares a document type")

        try:
            parser = xml.parsers.expat.ParserCreate()
            parser.StartDoctypeDeclHandler = declared  # before anything that it could mean
            parser.Parse(data, True)
            return xml.etree.ElementTree.fromstring(data)
        except (xml.parsers.expat.ExpatError, xml.etree.ElementTree.ParseError, ValueError, LookupError) as error:
            raise Bad("a request that is no XML: %s" % plain(str(error), 60)) from None

    @staticmethod
    def _attribute(element, name):
        need(name in element.attrib, "an element %s without %s" % (plain(element.tag), name))
        return element.attrib[name]

    @staticmethod
    def _text(element, name):
        found = element.findall(name)
        need(len(found) == 1, "an element %s without one %s" % (plain(element.tag), name))
        return (found[0].text or "").strip()

    def _need_serial(self):
        need(re.match(r"[0-9]{1,20}\Z", self.serial, re.ASCII), "a serial number that is no number")

    def _number(self, element, name):
        text = self._text(element, name)
        need(re.match(r"[0-9]{1,20}\Z", text, re.ASCII), "%s is not a number" % name)
        return int(text)

    def _policy(self, element):
        """Durations in seconds, and the kinds of keys."""
        lengths = [self._duration(self._text(element, name)) for name in DURATIONS]
        kinds = set()
        for one in element.findall("SignatureAlgorithm"):
            need(len(one) == 1 and one[0].tag in ("RSA", "DSA", "ECDSA", "EdDSA"), "an algorithm that says no size")
            size, exponent = self._attribute(one[0], "size"), one[0].attrib.get("exponent", "0")
            numbers = (self._attribute(one, "algorithm"), size, exponent)
            need(all(re.match(r"[0-9]{1,20}\Z", n, re.ASCII) for n in numbers), "an algorithm in other than numbers")
            kinds.add((int(numbers[0]), one[0].tag, int(size), int(exponent)))
        return lengths, kinds

    @staticmethod
    def _duration(text):
        match = re.match(r"P(?=[0-9T])(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?\Z", text, re.ASCII)
        need(match is not None and len(text) < 40, "%s is not a duration" % plain(text))
        days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
        return ((days * 24 + hours) * 60 + minutes) * 60 + seconds

    @staticmethod
    def _moment(text):
        need(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|\+00:00)?\Z", text, re.ASCII), "%s is no time" % plain(text))
        return int((_calendar(text[:19], "%Y-%m-%dT%H:%M:%S") - _EPOCH).total_seconds())

    def _bundle(self, element):
        times = [self._moment(self._text(element, name)) for name in ("Inception", "Expiration")]
        keys, stated = [], []
        for one in element.findall("Key"):
            octets = from_base64("".join(self._text(one, "PublicKey").split()), "a public key")
            numbers = [self._number(one, name) for name in ("Flags", "Protocol", "Algorithm")]
            need(numbers[0] < 65536 and numbers[1] < 256, "a key with flags or a protocol that cannot be")
            name, tag = one.attrib.get("keyIdentifier", ""), self._attribute(one, "keyTag")
            need(re.match(r"[0-9]{1,20}\Z", tag, re.ASCII), "a key tag that is not a number")
            keys.append((name, Dnskey(*numbers, octets)))
            stated.append((name, int(tag), self._number(one, "TTL")))
        need(keys, "a bundle without keys")
        bundle = {"id": self._attribute(element, "id"), "times": times, "keys": keys, "stated": stated}
        return dict(bundle, signatures=self._signatures(element))

    def _signatures(self, element):
        made = []
        for one in element.findall("Signature"):
            times = [self._moment(self._text(one, "Signature" + name)) for name in ("Inception", "Expiration")]
            octets = from_base64("".join(self._text(one, "SignatureData").split()), "a signature")
            names = ("TTL", "KeyTag", "OriginalTTL", "Labels", "Algorithm")
            fields = {name: self._number(one, name) for name in names}
            fields.update(signer=self._text(one, "SignersName"), identifier=one.attrib.get("keyIdentifier", ""))
            need(self._text(one, "TypeCovered") == "DNSKEY", "a signature over something else than keys")
            made.append((fields, times, octets))
        return made

    def need_own(self):
        """What each bundle has for itself, and no other; raises Bad. spec/ksr-checks.md, spec/skr.md."""
        ids = [bundle["id"] for bundle in self.bundles]
        need(len(set(ids)) == len(ids), "two bundles of one id")
        named = {}
        for bundle in self.bundles:
            keys = [key for _, key in bundle["keys"]]
            pairs = {(key.algorithm, key.octets) for key in keys}
            need(len(pairs) == len(keys), "a key stands in a slot twice")
            need(all(key.protocol == 3 for key in keys), "a key of another protocol than 3")
            for (name, tag, _), key in zip(bundle["stated"], keys):  # noqa: B905 (Python 3.9)
                need(tag == key.tag, "a key whose tag is not %d" % tag)
                same = named.setdefault(name, (key.algorithm, key.octets)) == (key.algorithm, key.octets)
                need(same or not name, "two keys of one identifier")


class AnsweredRequest(Request):
    """A signed key response that was made elsewhere, read as far as what follows depends on it."""

    def __init__(self, data):
        root = self._root(data)
        need(root.tag == "KSR" and len(root) == 1 and root[0].tag == "Response", "not a signed key response")
        self.id, self.zone = self._attribute(root, "id"), name_text(self._attribute(root, "domain"))
        _policy, *bundles = list(root[0])
        need(bundles and all(one.tag == "ResponseBundle" for one in bundles), "a response without bundles")
        self.serial = self._attribute(root, "serial")
        self._need_serial()
        self.bundles = [self._bundle(one) for one in bundles]

    @property
    def ids(self):
        return {self.id, *(bundle["id"] for bundle in self.bundles)}

    @property
    def end(self):
        return max(bundle["times"][1] for bundle in self.bundles)

    def verify(self):
        """Every signature is that of a KSK of its bundle over the whole of it; bundles follow each other."""
        self.signers, gone = set(), set()
        self.need_own()
        count = sum(len(bundle["signatures"]) for bundle in self.bundles)
        need(count <= MOST_SIGNATURES, "it has %d signatures, more than anybody should verify" % count)
        for before, after in zip(self.bundles, self.bundles[1:]):  # noqa: B905 (Python 3.9)
            begins, until = after["times"][0], before["times"]
            need(until[0] < begins <= until[1], "a bundle that does not begin while the one before is valid")
        ends = [bundle["times"] for bundle in self.bundles]
        need(all(begins < until for begins, until in ends), "a bundle that ends before it begins")
        for bundle in self.bundles:
            keys = [key for _, key in bundle["keys"]]
            need(all(key.flags in (256, 257, 385) for key in keys), "a key that is neither a ZSK nor a KSK")
            need(bundle["signatures"], "a bundle that nobody has signed")
            ttls = {ttl for _, _, ttl in bundle["stated"]}
            ttls.update(fields[name] for fields, _, _ in bundle["signatures"] for name in ("TTL", "OriginalTTL"))
            need(len(ttls) == 1, "a bundle of several TTLs")
            pairs = {(key.algorithm, key.octets): key.flags & 0x80 for key in keys if key.flags & 1}
            need(not any(one in gone and not now for one, now in pairs.items()), "a KSK that returns once revoked")
            gone |= {one for one, now in pairs.items() if now}
            signers = set()
            for fields, times, octets in bundle["signatures"]:
                by = [key for name, key in bundle["keys"] if name == fields["identifier"]]
                tagged = [key for key in by if key.tag == fields["KeyTag"]][:2]
                need(tagged, "a signature by a key that is not in its bundle")
                need(times == bundle["times"], "a signature for another time than its bundle's")
                need(name_text(fields["signer"]) == self.zone, "a signature in the name of another zone")
                for number, key in enumerate(tagged, 1):
                    try:
                        labels, data = rrset_data(self.zone, keys, key, fields["OriginalTTL"], *times)
                        same = (labels, key.algorithm) == (fields["Labels"], fields["Algorithm"])
                        need(same, "a signature of another form than the zone's")
                        need(key.flags & 1, "a signature by a key that is no KSK")
                        key.verify(data, octets)
                        signers.add(key)
                        break
                    except Bad:
                        if number == len(tagged):
                            raise
            need(len(signers) == len(bundle["signatures"]), "a key that signs a bundle twice")
            need(any(not key.flags & 0x80 for key in signers), "a bundle that only revoked keys sign")
            need(signers >= {key for key in keys if key.flags & 0x80}, "a revoked key that does not sign")
            need_algorithms(keys, signers)
            self.signers |= {key.octets for key in signers}


def need_algorithms(keys, signers):
    """Every algorithm of a key set signs it, and that of a KSK has a ZSK (RFC 4035 2.2). Raises Bad."""
    stand = {key.algorithm for key in keys if not key.flags & 0x80}
    need(stand <= {key.algorithm for key in signers}, "an algorithm that stands in the key set and does not sign it")
    zsks = {key.algorithm for key in keys if not key.flags & 1}
    ksks = {key.algorithm for key in keys if key.flags & 1 and not key.flags & 0x80}
    need(ksks <= zsks, "a KSK without a ZSK of its algorithm")


DURATIONS = (
    "PublishSafety", "RetireSafety", "MaxSignatureValidity", "MinSignatureValidity", "MaxValidityOverlap",
    "MinValidityOverlap",
)  # fmt: skip


MOST_SIGNATURES, MOST_PROOFS, MOST_ZSKS = 400, 60, 12


class Asked:
    """spec/ksr-checks.md: what a request has to pass, whatever it states of itself; what its act relaxes is left.

    Ids, chain and predecessor are judged with the records before, in `Register`.
    """

    def __init__(self, request, response, policy, limits, day):
        self.request, self.act, self.limits = request, response["act"], limits
        self.accepted = set()
        for one in policy.get("exceptions", []):
            if one["since"] <= day <= one["until"] and one.get("ksr") in (None, "", response["digest"]):
                self.accepted.update(one["accepts"])

    def run(self):
        self.request.need_own()
        self._keys()
        self._numbers()
        self._stated()
        self._proofs()

    def _keys(self):
        """ZSKs alone, each of an approved kind, under one identifier, with the zone's TTL and a tag of its own."""
        names, keys = {}, {}
        for bundle in self.request.bundles:
            for (name, _, ttl), (_, key) in zip(bundle["stated"], bundle["keys"]):  # noqa: B905 (Python 3.9)
                need(key.flags == 256, "a key that is no ZSK is asked for")
                need(ttl == self.limits["ttl"], "a TTL of %d" % ttl)
                need(names.setdefault(key.rdata, name) == name, "a key of two identifiers")
                keys[key.rdata] = key
                need(len(keys) <= MOST_ZSKS, "too many different keys to be looked at")
        need(len({key.tag for key in keys.values()}) == len(keys), "two ZSKs of one tag")
        for key in keys.values():
            key.need_strong()
            number, _, size, exponent = key.kind()
            kinds = [one for one in self.limits["algorithms"] if one["algorithm"] == number]
            listed = kinds and (DNSSEC[number][2] != "RSA" or size in kinds[0]["sizes"])
            listed = listed and (DNSSEC[number][2] != "RSA" or exponent in kinds[0]["exponents"])
            need(listed, "the ZSK %d is of a kind that the policy does not have" % key.tag)
        self.different = len(keys)

    def _numbers(self):
        counts = [len(bundle["keys"]) for bundle in self.request.bundles]
        listed = [(one["slots"], one["different"]) for one in self.limits["keys"]]
        free = self.act in OFF_CYCLE or "ksr.policy_keys" in self.accepted
        need(free or (counts, self.different) in listed, "other numbers of ZSKs than the policy has")

    def _stated(self):
        """What it states of itself is within the operator's limits, and holds for what it asks."""
        lengths, kinds = self.request.policy
        approved = {one["algorithm"] for one in self.limits["algorithms"]}
        need({number for number, _, _, _ in kinds} <= approved, "an algorithm is stated that the policy does not have")
        times = [bundle["times"] for bundle in self.request.bundles]
        asked = {
            "validity": (lengths[3], lengths[2], [ends - begins for begins, ends in times]),
            "overlap": (lengths[5], lengths[4], [a[1] - b[0] for a, b in zip(times, times[1:])]),  # noqa: B905, RUF007
        }
        for what, (least, most, lasting) in asked.items():
            bounds = [Request._duration(self.limits[what][end]) for end in ("least", "most")]
            need(bounds[0] <= least <= most <= bounds[1], "another %s is stated than the policy has" % what)
            kept = "ksr.stated_%s" % what in self.accepted or all(least <= one <= most for one in lasting)
            need(kept, "another %s is stated than is asked for" % what)
        if self.act not in ("ksk-compromise", "ksk-loss"):
            for what, length in (("zsk_publish_safety", lengths[0]), ("zsk_retire_safety", lengths[1])):
                least = Request._duration(self.limits.get(what, "PT0S"))
                need(length >= least, "a shorter %s is stated than the policy has" % what[4:].replace("_", " "))

    def _proofs(self):
        """Every key of a slot signed the slot's key set, once, and no other key did; at whatever time."""
        count = sum(len(bundle["signatures"]) for bundle in self.request.bundles)
        need(count <= MOST_PROOFS, "too many signatures to be looked at")
        for bundle in self.request.bundles:
            keys = [key for _, key in bundle["keys"]]
            waiting = {(name, key.tag): key for name, key in bundle["keys"]}
            for fields, times, octets in bundle["signatures"]:
                key = waiting.pop((fields["identifier"], fields["KeyTag"]), None)
                need(key is not None, "a signature of a key that is not there, or a second one")
                need({fields["TTL"], fields["OriginalTTL"]} == {self.limits["ttl"]}, "a signature of another TTL")
                need(wire_name(fields["signer"]) == wire_name(self.request.zone), "a signature for another zone")
                labels, data = rrset_data(self.request.zone, keys, key, fields["OriginalTTL"], *times)
                same = (labels, key.algorithm) == (fields["Labels"], fields["Algorithm"])
                need(same, "a signature of another form than the zone's")
                key.verify(data, octets)
            need(not waiting, "a key that does not prove that somebody has it")


class Place:
    """A response as those after it see it: when its bundles stand, whose keys they hold, by which schema."""

    def __init__(self, request, zone, shown, response=None):
        self.id, self.zone, self.times = request.id, zone, [times for times, _ in shown]
        self.serial = request.serial
        response = response or {"back_out_of": "", "keys": [], "schema": ""}  # of what was made elsewhere
        self.back_out, self.schema = bool(response["back_out_of"]), response["schema"]
        self.parts = {part["part"]: part["ksk"] for part in response["keys"]}
        keys = [key for _, named in shown for key in named]
        self.revoked = {key.octets for key in keys if key.flags & 0x80}
        self.published = {key.octets for key in keys if key.flags & 1 and not key.flags & 0x80}
        self.ksks = {(key.algorithm, key.octets): key.unrevoked() for key in keys if key.flags & 1}
        self.zsks = {key.rdata: key for key in keys if not key.flags & 1}
        self.first, self.last = (
            {key.rdata for key in named if not key.flags & 1} for _, named in (shown[0], shown[-1])
        )
        self.first_names, self.last_names = map(self._names, (request.bundles[0], request.bundles[-1]))

    @staticmethod
    def _names(bundle):
        """Identifier and TTL of each ZSK of a bundle."""
        pairs = zip(bundle["stated"], bundle["keys"])  # noqa: B905 (Python 3.9)
        return {key.rdata: (name, ttl) for (name, _, ttl), (_, key) in pairs if not key.flags & 1}


class KeySet:
    """One response of a sign-skr operation, built again: RRsets, signings, and the file."""

    def __init__(self, response, request, schema, limits, keys, pins):
        self.response, self.request, self.limits, self.zone = response, request, limits, response["zone"]
        self.schema, self.pins = schema, pins
        need(wire_name(request.zone) == wire_name(self.zone), "its request is for another zone")
        self.ttl = limits["ttl"]
        labels = {part["part"]: part["ksk"] for part in response["keys"]}
        self.bundles, self.signings, self.used = [], [], {}
        rows = self._rows(schema, len(request.bundles))
        need(set(labels) == set(schema["keys"]), "its keys are not bound to the parts of its schema")
        for number, (bundle, row) in enumerate(zip(request.bundles, rows), 1):  # noqa: B905 (Python 3.9)
            named = list(bundle["keys"])
            plain_keys = {labels[part]: keys[labels[part]] for part in row["publish"]}
            revoked = {labels[part]: keys[labels[part]].revoked() for part in row["revoke"]}
            named += sorted(plain_keys.items()) + sorted(revoked.items())
            self.used.update({label: keys[label] for label in (*plain_keys, *revoked)})
            signers = [(labels[part], revoked.get(labels[part], keys[labels[part]])) for part in row["sign"]]
            records = [key for _, key in named]
            need(len({key.tag for key in records}) == len(records), "two keys of one tag")
            need_algorithms(records, {key for _, key in signers})
            for label, key in sorted(signers, key=lambda one: one[1].rdata):
                depth, data = rrset_data(self.zone, records, key, self.ttl, *bundle["times"])
                self.signings.append({"bundle": number, "ksk": label, "key": key, "data": data, "labels": depth})
            self.bundles.append((bundle, named))

    @staticmethod
    def _rows(schema, count):
        """The row of each slot; every slot is in exactly one."""

        def number(text):
            return count + int(text[4:] or 0) if text.startswith("last") else int(text)

        rows = [None] * count
        for row in schema["slots"]:
            need(re.match(r"(\d+|last(-\d)?)(\.\.(\d+|last(-\d)?))?\Z", row["slots"], re.ASCII), "unreadable slots")
            first, _, end = row["slots"].partition("..")
            for slot in range(number(first), number(end or first) + 1):
                need(1 <= slot <= count and rows[slot - 1] is None, "its schema does not fit its request")
                rows[slot - 1] = row
        need(None not in rows, "its schema does not fit its request")
        return rows

    def keep_to(self, limits, now):
        """The operator's limits of the day; what an act out of turn relaxes is left (spec/skr.md `Acts`)."""
        pins = self.pins
        times, act = [bundle["times"] for bundle, _ in self.bundles], self.response["act"]

        def within(length, limit, what):
            least, most = (Request._duration(limits[limit][end]) for end in ("least", "most"))
            need(least <= length <= most, "%s not as the policy has it" % what)

        for begins, ends in times:
            within(ends - begins, "validity", "a validity is")
        for before, after in zip(times, times[1:]):  # noqa: B905, RUF007 (Python 3.9)
            within(before[1] - after[0], "overlap", "an overlap is")
            within(after[0] - before[0], "interval", "an interval is")
        if act not in OFF_CYCLE:
            within(times[-1][0] - times[0][0], "cycle", "the time from the first bundle to the last is")
            need(len(times) == limits["bundles"], "not as many bundles as the policy has")
        if act != "calendar-bridge":
            latest = now + Request._duration(limits["horizon"])
            need(max(ends for _, ends in times) <= latest, "signed further ahead than the policy has it")
        for _, named in self.bundles:
            pairs = [{key.octets for _, key in named if bool(key.flags & 1) is ksk} for ksk in (True, False)]
            need(not pairs[0] & pairs[1], "a ZSK is the key pair of a KSK")
        self._beside_pins(times[0][0])
        for one in self.signings:
            pin, (begins, ends) = pins[one["ksk"]], times[one["bundle"] - 1]
            early = pin.get("since") and begins < second_of(pin["since"] + "T00:00:00Z")
            late = pin.get("until") and ends > second_of(pin["until"] + "T00:00:00Z") + 86400
            stands = one["key"].flags & 0x80 or not (early or late)
            need(stands, "%s signs outside the days of its pin" % plain(one["ksk"]))

    def _beside_pins(self, begins):
        """No ZSK is a pinned KSK, or has the tag of one that may still stand beside it, revoked or not."""
        pinned, tags = {pin["ds_sha256"] for pin in self.pins.values()}, set()
        day = (_EPOCH + datetime.timedelta(seconds=begins)).date().isoformat()
        for pin in self.pins.values():
            if not pin.get("until") or pin["until"] >= day:
                tags.add(pin["key_tag"])
        for key in self.used.values():
            tags.update((key.tag, key.revoked().tag))
        for bundle in self.request.bundles:
            for _, key in bundle["keys"]:
                as_ksk = Dnskey(257, 3, key.algorithm, key.octets)
                need(as_ksk.ds(self.zone, "sha256") not in pinned, "a ZSK is the key pair of a pinned KSK")
                need(key.tag not in tags, "a ZSK has the tag of a KSK")

    def place(self):
        """What decides on what may come after it."""
        shown = [(bundle["times"], [key for _, key in named]) for bundle, named in self.bundles]
        return Place(self.request, self.zone, shown, self.response)

    def listing(self):
        """Its part of the draft file."""
        listed = [
            {
                "bundle": one["bundle"], "data": base64.b64encode(one["data"]).decode(),
                "digest": digest_of(one["data"]), "ksk": one["ksk"], "tag": one["key"].tag,
            }
            for one in self.signings
        ]  # fmt: skip
        return {"id": self.response["id"], "signings": listed}

    def file(self, signatures):
        """spec/ksr.md `Layout`: the SKR with these signatures, in the form of RRSIGs."""
        lengths, kinds = self.request.policy
        own = [self.limits[name] for name in ("publish_safety", "retire_safety")]
        own += [self.limits["validity"]["most"], self.limits["validity"]["least"]]
        own += [self.limits["overlap"]["most"], self.limits["overlap"]["least"]]
        stated = [Request._duration(one) for one in own]
        inner = self._policy("KSK", stated, {key.kind() for key in self.used.values()})
        inner += self._policy("ZSK", lengths, kinds)
        lines = _within("ResponsePolicy", inner)
        for number, (bundle, named) in enumerate(self.bundles, 1):
            lines += self._bundle(number, bundle, named, signatures)
        head = 'KSR id="%s" domain="%s" serial="%s"' % (
            self._safe(self.request.id),
            self._name(),
            int(self.request.serial),
        )
        body = _within(head, _within("Response", lines))
        return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', *body, ""]).encode("ascii")

    @staticmethod
    def _safe(text):
        need(_IDENTIFIER.match(text), "an id with other characters than an id has")
        return text

    def _name(self):
        return _MARKUP.sub(lambda match: "\\%03d" % ord(match.group()[-1]), self.zone)

    @staticmethod
    def _policy(name, lengths, kinds):
        lines = ["<%s>%s</%s>" % (one, _duration_text(s), one) for one, s in zip(DURATIONS, lengths)]  # noqa: B905
        for algorithm, family, size, exponent in sorted(kinds):
            extra = ' exponent="%d"' % exponent if family == "RSA" else ""
            head = 'SignatureAlgorithm algorithm="%d"' % algorithm
            lines += _within(head, ['<%s size="%d"%s/>' % (family, size, extra)])
        return _within(name, lines)

    def _bundle(self, number, bundle, named, signatures):
        lines = ["<Inception>%s</Inception>" % _moment_text(bundle["times"][0])]
        lines.append("<Expiration>%s</Expiration>" % _moment_text(bundle["times"][1]))
        for label, key in sorted(named, key=lambda one: (one[1].tag, one[1].rdata, one[0])):
            values = [("TTL", self.ttl), ("Flags", key.flags), ("Protocol", key.protocol)]
            values += [("Algorithm", key.algorithm), ("PublicKey", base64.b64encode(key.octets).decode())]
            head = 'Key%s keyTag="%d"' % (self._identified(label), key.tag)
            lines += _within(head, ["<%s>%s</%s>" % (k, v, k) for k, v in values])
        made = [
            (one, signature)
            for one, signature in zip(self.signings, signatures)  # noqa: B905 (Python 3.9)
            if one["bundle"] == number
        ]
        for one, signature in sorted(made, key=lambda pair: (pair[0]["key"].tag, pair[0]["key"].algorithm, pair[1])):
            key = one["key"]
            values = [
                ("TTL", self.ttl), ("TypeCovered", "DNSKEY"), ("Algorithm", key.algorithm), ("Labels", one["labels"]),
                ("OriginalTTL", self.ttl), ("SignatureExpiration", _moment_text(bundle["times"][1])),
                ("SignatureInception", _moment_text(bundle["times"][0])), ("KeyTag", key.tag),
                ("SignersName", self._name()), ("SignatureData", base64.b64encode(signature).decode()),
            ]  # fmt: skip
            head = "Signature%s" % self._identified(one["ksk"])
            lines += _within(head, ["<%s>%s</%s>" % (k, v, k) for k, v in values])
        return _within('ResponseBundle id="%s"' % self._safe(bundle["id"]), lines)

    def _identified(self, label):
        return ' keyIdentifier="%s"' % self._safe(label) if label else ""


def _within(head, lines):
    return ["<%s>" % head, *("    " + line for line in lines), "</%s>" % head.partition(" ")[0]]


def _duration_text(length):
    minutes, seconds = divmod(length, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    day = "%dD" % days if days else ""
    time = "".join("%d%s" % one for one in ((hours, "H"), (minutes, "M"), (seconds, "S")) if one[0])
    return "P%sT%s" % (day, time) if time else "P" + day if day else "PT0S"


def _moment_text(seconds):
    return (_EPOCH + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S+00:00")


def rrsig_octets(key, signature):
    """An ECDSA signature as RFC 6605 4 has it, r and s one after the other; the others are the same everywhere."""
    if DNSSEC[key.algorithm][2] != "ECDSA":
        return signature
    half = CURVE_BITS[key.algorithm] // 8
    numbers = exactly(one_der(signature, 0x30, "an ECDSA signature").members(), 2, "an ECDSA signature")
    return b"".join(der_integer(number, "an ECDSA signature").to_bytes(half, "big") for number in numbers)


# =====================================================================================================================
# 13  Artifacts and files: spec/record.md 1 to 4, spec/templates.md
# =====================================================================================================================


def check_files(folder, transcript, claims):
    """spec/record.md 1 and 2: every file is named by an event with its digest, and every named file is there."""
    for problem in folder.problems:
        claims.fail("files", problem)
    named, copies = {}, []

    def name(entry, where, prefixes, alone=()):
        path = safe_path(entry["path"])
        need(path in alone or path.startswith(prefixes), "%s: names %s, which is not its to name" % (where, path))
        need(path not in named, "%s: names %s again" % (where, path))
        named[path] = entry["digest"]

    for event in transcript.events:
        where = "event %d" % event.seq
        if event.kind == "opened":
            for entry in event.body["files"]:
                claims.attempt("files", name, entry, where, OPENED_FOLDERS, OPENED_FILES)
        elif event.kind == "written":
            for entry in event.body["files"]:
                if entry["path"].startswith("media/"):
                    copies.append((entry, where))
                else:
                    claims.attempt("files", name, entry, where, ("artifacts/", "evidence/"))
        elif event.kind == "resumed" and event.body["torn"]:
            claims.attempt("files", name, event.body["torn"], where, ("evidence/",))
    for path, digest in named.items():
        if path not in folder.digests:
            claims.fail("files", "%s is named by an event and missing" % path)
        elif folder.digests[path] != digest:
            claims.fail("files", "%s has not the digest that its event names" % path)
    for path in folder.digests:
        if path not in named and path not in UNNAMED and not path.startswith(UNNAMED_FOLDERS):
            report = claims.fail if transcript.closed else claims.leave_open
            report("files", "%s is named by no event" % path)
    digests = set(named.values())
    for entry, where in copies:
        ending = "/".join(entry["path"].split("/")[2:])
        if ending not in UNNAMED and entry["digest"] not in ([named[ending]] if ending in named else digests):
            claims.fail("files", "%s: %s is a copy of nothing" % (where, plain(entry["path"])))
    claims.found("files", "%s named and equal" % some(len(named), "files"))
    return named


def check_script(folder, script, authority, transcript, signatures, claims):
    """What the script says of the other files, its printed text and its approval."""
    for problem in script.against(authority):
        claims.fail("script", problem)
    opened = transcript.opened
    for member in ("authority", "ceremony", "mode", "predecessor"):
        if opened[member] != getattr(script, member):
            claims.fail("script", "event 0 and script.json have another %s" % member)
    if folder.digests.get("plan.toml") != script.value["plan"]:
        claims.fail("script", "plan.toml is not the plan that the script was made of")
    if folder.get("script.txt") != script.rendered():
        claims.fail("script", "script.txt is not the text of script.json")
    for path in sorted(set(folder.below("inputs/")) ^ set(script.inputs)):
        claims.fail(
            "script",
            "%s is %s" % (path, "missing" if path in script.inputs else "an input that the script does not name"),
        )
    for path, digest in script.inputs.items():
        if folder.digests.get(path, digest) != digest:
            claims.fail("script", "%s is not the input that the script names" % path)
    drafts = {}
    for draft in script.value["drafts"]:
        need(draft["operation"] in script.operations, "a draft of an unknown operation")
        drafts[below_folder("drafts/", draft["file"])] = draft["digest"]
    for path in sorted(set(folder.below("drafts/")) ^ set(drafts)):
        claims.fail(
            "script", "%s is %s" % (path, "missing" if path in drafts else "a draft that the script does not name")
        )
    for path, digest in drafts.items():
        if folder.digests.get(path, digest) != digest:
            claims.fail("script", "%s is not the draft that the script names" % path)
    approvers = claims.attempt(
        "script", check_approvals, folder, script, authority, signatures, transcript.events[0].day
    )
    if approvers:
        claims.found("script", "approved by %s; text, plan, inputs and drafts as named" % ", ".join(approvers))


class Form:
    """A kind of object: its to-be-signed part, its PEM label, the fields that may be open (spec/templates.md)."""

    def __init__(self, tbs, label, opens, plural):
        self.tbs, self.label, self.open, self.plural = tbs, label, opens, plural


def possession_text(script, operation, spki):
    """spec/possession.md: what a copy of a key signs."""
    lines = [
        ("authority", script.authority["genesis"]), ("mode", script.mode), ("ceremony", script.ceremony),
        ("script", script.digest), ("operation", operation["id"]),
        ("token", script.tokens[operation["token"]]["serial"]), ("spki", spki),
    ]  # fmt: skip
    return b"quorate-possession-v1\n" + lines_of(lines)


FORMS = {
    "certificate": Form(CertificateTbs, "CERTIFICATE", ("spki", "ski", "aki"), "certificates"),
    "crl": Form(CrlTbs, "X509 CRL", ("this-update", "next-update", "aki"), "CRLs"),
    "cross-csr": Form(RequestTbs, "CERTIFICATE REQUEST", ("spki",), "requests"),
    "ocsp-response": Form(
        OcspTbs,
        "OCSP RESPONSE",
        ("responder", "produced-at", "certificate-id", "this-update", "next-update"),
        "OCSP responses",
    ),
}


def check_template(frozen, real, opened, form):
    """spec/templates.md: the draft differs from the frozen one in the open fields only. Raises Bad with their names."""
    need(set(opened) <= set(form.open), "opens fields that may not be open: %s" % ", ".join(map(plain, opened)))
    differing = []
    for field in real.fields:
        mine, theirs = real.fields[field], frozen.fields[field]
        if (mine is None) != (theirs is None) or (mine is not None and mine.raw != theirs.raw):
            differing.append(field)
    if [(oid, critical) for oid, critical, _ in real.extensions] != [
        (oid, critical) for oid, critical, _ in frozen.extensions
    ]:
        differing.append("the extensions present")
    else:
        names = {OID_SKI: "ski", OID_AKI: "aki"}
        for (oid, _, mine), (_, _, theirs) in zip(real.extensions, frozen.extensions):  # noqa: B905 (Python 3.9)
            if mine != theirs:
                differing.append(names.get(oid, oid))
    if "next-update" in differing:
        same = real.next_update - real.this_update == frozen.next_update - frozen.this_update
        need(same, "the updates moved apart")
    wrong = [field for field in differing if field not in opened]
    need(not wrong, "differs from the frozen draft in %s" % ", ".join(wrong))


REASONS = (
    "unspecified", "keycompromise", "cacompromise", "affiliationchanged", "superseded", "cessationofoperation",
    "certificatehold",
    "", "removefromcrl", "privilegewithdrawn", "aacompromise",
)  # fmt: skip
OID_POLICIES, OID_AIA, OID_CRLDP = "2.5.29.32", "1.3.6.1.5.5.7.1.1", "2.5.29.31"


def planned_entry(entry):
    """(serial, (seconds, reason)) of a planned CRL entry."""
    date, short = entry["date"], re.sub(r"[^a-z]", "", entry["reason"].lower())
    seconds = second_of(date + "T00:00:00Z" if DAY.match(date) else date)
    need(short == "" or short in REASONS, "the reason %s is not known" % plain(entry["reason"]))
    return hex_number(entry["serial"]), (seconds, REASONS.index(short) or None if short else None)


def hex_number(text):
    need(re.match(r"[0-9a-fA-F]{1,40}\Z", text), "%s is not a serial number in hexadecimal" % plain(text))
    return int(text, 16)


def entries_kept(before, after, certificates, key):
    """RFC 5280 3.3: an entry stays, unchanged, until one CRL has listed it beyond its certificate's validity.

    Of that validity only what the issuer's key has signed speaks. Raises Bad.
    """
    for serial, entry in before.entries.items():
        if serial not in after.entries:
            listed = (c for c in certificates if (c.issuer, c.serial) == (before.issuer, serial))
            ends = [c.not_after for c in listed if is_issued_by(key, c)]
            need(ends and max(ends) < before.this_update, "the entry %x was dropped" % serial)
        else:
            need(after.entries[serial][0] == entry[0], "the entry %x has another date" % serial)
            need(after.entries[serial][1] == entry[1], "the entry %x has another reason" % serial)


def is_issued_by(key, certificate):
    """Whether a key signed a certificate. Of what is out of fashion, in an adopted one, only the governors can tell."""
    if certificate.algorithm not in _BY_IDENTIFIER or (key.algorithm == "rsa" and key.n.bit_length() < 2048):
        return True
    try:
        key.verify(certificate.algorithm, certificate.signed, certificate.signature)
    except Bad:
        return False
    return True


OID_EKU, OID_NO_CHECK, OID_CONSTRAINTS = "2.5.29.37", "1.3.6.1.5.5.7.48.1.5", "2.5.29.30"
OCSP_SIGNING = bytes.fromhex("300a06082b06010505070309")


def check_responder(real):
    """BR 7.1.2.8: no CA, digitalSignature and OCSPSigning alone, id-pkix-ocsp-nocheck. Raises Bad."""
    need(not real.is_ca and OID_BASIC not in real.values, "is a responder and says that it is a CA")
    need(real.usage == b"\x07\x80", "its key usage is not digitalSignature alone")
    need(real.values.get(OID_EKU) == OCSP_SIGNING, "its purpose is not OCSP signing alone")
    need(real.values.get(OID_NO_CHECK) == b"\x05\x00", "has not the extension id-pkix-ocsp-nocheck")


def subtree_of(text):
    """A subtree of name constraints, `dns:example.org`, as DER: spec/script.md."""
    kind, _, value = text.partition(":")
    try:
        if kind == "dns":
            return der(0x30, der(0x82, value.encode("ascii")))
        if kind == "email":
            return der(0x30, der(0x81, value.encode("ascii")))
        if kind == "ip":
            network = ipaddress.ip_network(value)
            return der(0x30, der(0x87, network.network_address.packed + network.netmask.packed))
        need(kind == "dir", "the name constraint %s is of no known type" % plain(text))
        name = bytes.fromhex(value)
    except (ValueError, UnicodeEncodeError):
        raise Bad("the name constraint %s cannot be read" % plain(text)) from None
    one_der(name, 0x30, "a directory name")
    return der(0x30, der(0xA4, name))


def check_constraints(planned, real):
    """The name constraints are exactly the planned ones, and critical: RFC 5280 4.2.1.10. Raises Bad."""
    found = [(critical, value) for oid, critical, value in real.extensions if oid == OID_CONSTRAINTS]
    if planned is None:
        return need(not found, "has name constraints that nobody planned")
    parts = ((0xA0, planned["permitted"]), (0xA1, planned["excluded"]))
    value = der(0x30, b"".join(der(tag, b"".join(map(subtree_of, texts))) for tag, texts in parts if texts))
    return need(found == [(True, value)], "its name constraints are not the planned ones")


def check_scope(operation, real):
    """The issuing distribution point is exactly the planned one, and critical: RFC 5280 5.2.5. Raises Bad."""
    url, scope = operation.get("distribution_point", "").encode(), operation.get("scope", "")
    point = der(0xA0, der(0xA0, der(0x86, url))) if url else b""
    flag = {"ca": b"\x82\x01\xff", "user": b"\x81\x01\xff"}.get(scope, b"")
    wanted = [(True, der(0x30, point + flag))] if point + flag else []
    found = [(critical, value) for oid, critical, value in real.extensions if oid == "2.5.29.28"]
    need(found == wanted, "its issuing distribution point is not the planned one")


def check_committed(kind, real, state):
    """spec/authority.md 7. A cross-certificate repeats what is there, and a responder is none to whom they apply."""
    promised = state.value["commitments"]
    if kind == "crl":
        days, lasts = promised["crl_days"], real.next_update - real.this_update + 1
    elif kind in ("root", "reissue", "subordinate"):
        days = promised["subordinate_days" if kind == "subordinate" else "root_days"]
        lasts = real.not_after - real.not_before + 1
        good = any(real.key.is_of_type(one) for one in promised["key_types"])
        need(good, "certifies a key of a type that the authority does not commit to")
    else:
        return
    need(lasts <= days * 86400, "lasts longer than the %d days that the authority commits to" % days)


def issued(it, issuer):
    """Whether a certificate names that one as its issuer: by its name, and by the key identifier if both say one."""
    return issuer.subject == it.issuer and (not it.aki or not issuer.ski or it.aki == issuer.ski)


class History:
    """spec/plan.md `adopt`: what was made before the first record, as the governors state it; and pairs that are shown.

    Where a signature is of an algorithm and a key that this verifier takes, it is verified. Nothing says how any of it
    came about.
    """

    def __init__(self, folder, script, register, claims):
        self.certificates, self.crls, self.keys = {}, {}, {}  # by id; CRLs with the key of their issuer
        self.skrs = {}
        self.unshown = dict(register.unshown)  # certificates of which no signature is shown to be their issuer's
        self.folder, self.script = folder, script
        for kind in ("certificate", "key", "crl", "skr"):
            for name, one in script.adopted.items():
                if one["kind"] == kind:
                    claims.attempt("artifacts", getattr(self, "_" + kind), name, folder.get(one["file"]))
        self.issuers = [*self.certificates.values(), *register.issuers.values(), *self._known()]
        late = {n: it for n, it in self.unshown.items() if any(issued(it, c) for c in self.certificates.values())}
        for name, it in {**late, **self.certificates}.items():
            self.unshown[name] = it
            if claims.attempt("artifacts", self._issued, name, it):
                del self.unshown[name]
        for operation in script.operations.values():
            path = script.shows(operation) if operation["kind"] == "import-key" else ""
            if path:
                claims.attempt("artifacts", self._shown, operation["key"], path)

    def _known(self):
        """What earlier records made or adopted, as this one has it where they are not given."""
        for path in self.folder.below("inputs/known/"):
            if path.endswith(".cert.der"):
                try:
                    yield read_certificate(self.folder.get(path))
                except Bad:
                    continue  # refused where it is used

    def _issued(self, name, it):
        """Whether a signature is shown to be that of one of those that may have issued it. Raises Bad if it is of none.

        A certificate of a new key may be signed by the old one of the same name (RFC 4210 4.4): it is self-issued and
        not self-signed. Without an authority key identifier, any that has the issuer's name may have signed it.
        """
        problems, open_ones = [], 0
        for key in {c.key.digest: c.key for c in self.issuers if issued(it, c)}.values():
            try:
                if self._signed(name, it, key):
                    return True
                open_ones += 1
            except Bad as bad:
                problems.append(bad)
        need(open_ones or not problems, str(problems[0]) if problems else "")
        return False

    @staticmethod
    def _signed(name, it, key):
        """Whether signature and key are of algorithms that are taken here; if so it is valid, or Bad is raised."""
        taken = key.algorithm is not None and (key.algorithm != "rsa" or key.n.bit_length() >= 2048)
        if it.algorithm not in _BY_IDENTIFIER or not taken:
            return False
        try:
            key.verify(it.algorithm, it.signed, it.signature)
        except Bad as bad:
            raise Bad("adopted %s: %s" % (name, bad)) from None
        return True

    def _certificate(self, name, data):
        self.certificates[name] = read_certificate(data)

    def _key(self, name, data):
        self.keys[name] = PublicKey(data)

    def _crl(self, name, data):
        crl, issuer = read_crl(data), self.script.adopted[name]["issuer"]
        known = self.certificates.get(issuer) or read_certificate(self.folder.get("inputs/known/%s.cert.der" % issuer))
        need(crl.issuer == known.subject, "adopted %s: a CRL of another than %s" % (name, issuer))
        self._signed(name, crl, known.key)
        self.crls[name] = crl, known.key

    def _skr(self, name, data):
        self.skrs[name] = AnsweredRequest(data)
        try:
            self.skrs[name].verify()
        except Bad as bad:
            raise Bad("adopted %s: %s" % (name, bad)) from None

    def _shown(self, name, path):
        data = self.folder.get(path)
        public = PublicKey(data) if path.endswith(".spki.der") else read_certificate(data).key
        self.script.shown[name] = Key(name, "", "", "", public.digest)
        self.script.shown[name].public = public


def artifact_of(source):
    """The id of the certificate that a source names."""
    name = source.partition(":")[2].rpartition("/")[2]
    return name[:-9] if name.endswith(".cert.der") else name


def is_elsewhere(source):
    """Whether a source is a file that is neither of these records nor adopted here."""
    kind, _, name = source.partition(":")
    return kind == "input" and not below_folder("inputs/", name).startswith(("inputs/known/", "inputs/adopted/"))


def is_self_signed(it):
    return it.subject == it.issuer and (it.aki is None or it.ski is None or it.aki == it.ski)


class Artifacts:
    """Builds what was signed again from the events, checks it against script and draft, and compares the files."""

    def __init__(self, folder, script, session, earlier, claims):
        self.folder, self.script, self.session, self.claims = folder, script, session, claims
        self.rests_on = {}  # ocsp-response -> the CRL that its status rests on
        self.made = {}  # operation -> CertificateTbs or CrlTbs, complete
        self.certificates = list(earlier)  # every certificate of the records, for the expiry of revoked ones
        for path in folder.below("inputs/known/"):
            try:
                self.certificates.append(read_certificate(folder.get(path)))
            except (Bad, RecursionError):
                continue  # an input of another kind; one that an operation names is read again below, with its problems
        for name, key in session.generated.get("keys", {}).items():
            first, *others = outputs_of(script.operations[name])
            claims.attempt("artifacts", self.compare, first, key.public.der)
            for path in others:
                claims.attempt("artifacts", self.compare, path, pem_of(key.public.der, "PUBLIC KEY"))
            if script.operations[name].get("zone"):
                claims.attempt("artifacts", self.ksk, script.operations[name], key.public)
        for name in session.generated.get("possession", {}):
            claims.attempt("artifacts", self.copy, script.operations[name])
        self.skrs = {}  # response -> digest of its file
        self.requests = {}  # response -> ids, each with its zone, and digest of its request
        self.key_sets_made = {}  # response -> KeySet
        self.ends = {}  # response -> when its last signature expires
        for step in script.steps:
            if step["kind"] == "sign" and step["operation"] in session.drafts:
                claims.attempt("artifacts", self.key_sets, script.operations[step["operation"]])
        order = [step["operation"] for step in script.steps if step["kind"] == "issue"]
        for name in order:
            if name in session.drafts:
                claims.attempt("artifacts", self.issue, script.operations[name])
        for name in session.generated.get("signatures", {}):
            if name not in self.made:
                claims.fail("artifacts", "%s could not be checked" % name)
        claims.found("artifacts", "%s valid and as approved" % self.counted())

    def counted(self):
        """How many of each kind were made; certificates and CRLs always, others if there are any."""
        made = list(self.made.values())
        counts = [(sum(isinstance(one, form.tbs) for one in made), form.plural) for form in FORMS.values()]
        counts.append((len(self.skrs), "SKRs"))
        said = [some(*one) for one in counts if one[0] or one[1] in ("certificates", "CRLs")]
        return " and ".join([", ".join(said[:-1]), said[-1]])

    def compare(self, path, expected):
        if path in self.folder.digests:
            need(self.folder.get(path) == expected, "%s is not what the events make" % path)

    def ksk(self, operation, public):
        self.compare("artifacts/%s.ksk.txt" % operation["id"], ksk_text(operation, public))

    def public(self, name):
        """The public key of a key of this ceremony or an earlier one."""
        key = self.session.known_key(name)
        need(key is not None, "the key %s is not known" % plain(name))
        if key.public is None:
            path = "inputs/known/%s.spki.der" % name
            public = PublicKey(self.folder.get(path))
            need(public.digest == key.digest, "%s is another key" % path)
            return public
        return key.public

    def zone(self, response, day):
        """Schema, limits of the day, and the KSKs' records by label, each of them pinned."""
        folder = zone_folder(response["zone"])
        policy = read_canonical(self.folder.get(folder + "/policy.json")[:-1])["policy"]
        schemas = self.folder.get(folder + "/schemas.json")
        governed = {zone["name"]: zone for zone in self.session.state.value.get("zones", [])}.get(response["zone"])
        need(governed is not None, "the authority has no zone %s" % plain(response["zone"]))
        need(digest_of(schemas) == governed["schemas"], "its schemas are not those that the governors signed")
        if self.script.mode == "real":  # a rehearsal pins its stand-ins' keys
            mine = digest_of(encode_canonical(policy))
            need(mine == governed["policy"], "its policy is not the one that the governors signed")
        named = [one for one in read_canonical(schemas[:-1])["schemas"] if one["id"] == response["schema"]]
        limits = [one for one in policy["limits"] if one["since"] <= day]
        need(len(named) == 1 and limits, "its policy and schemas do not cover it")
        pins = {pin["id"]: pin for pin in policy["ksks"]}
        keys = {}
        for part in response["keys"]:
            pin = pins.get(part["ksk"])
            need(pin is not None and pin["algorithm"] in DNSSEC, "the KSK %s is not pinned" % plain(part["ksk"]))
            key = Dnskey.of(self.public(part["key"]), DNSSEC[pin["algorithm"]][0])
            need(
                key.ds(response["zone"], "sha256") == pin["ds_sha256"], "%s is not the pinned key" % plain(part["ksk"])
            )
            keys[part["ksk"]] = key
        return policy, named[0], limits[-1], keys, pins

    def key_sets(self, operation):
        """The responses of a sign-skr, from request, schema and keys; then signatures and files."""
        name, session = operation["id"], self.session
        tbs, event = session.drafts[name]
        draft = self.script.drafts.get(name)
        need(draft is not None and draft["open"] == [], "%s has no frozen draft" % name)
        need(self.folder.get(below_folder("drafts/", draft["file"])) == tbs, "%s: not the frozen draft" % name)
        sets = [self.key_set(response, event.day, event.millis) for response in operation["responses"]]
        need(encode_canonical({"responses": [one.listing() for one in sets]}) == tbs, "%s: signs other RRsets" % name)
        made = session.generated.get("responses", {}).get(name, [])
        for one, signatures, path in zip(sets, made, operation["outputs"]):  # noqa: B905 (Python 3.9)
            label = one.response["id"]
            need(len(signatures) == len(one.signings), "%s: not a signature for each RRset" % label)
            holders = {p["ksk"]: self.session.known_key(p["key"]) for p in one.response["keys"]}
            for ksk in sorted({signing["ksk"] for signing in one.signings}):
                there = holders[ksk] is not None and holders[ksk].token == operation["token"]
                need(there, "%s: %s is not on the token %s" % (label, plain(ksk), operation["token"]))
            for signing, signature in zip(one.signings, signatures):  # noqa: B905 (Python 3.9)
                key = next(self.public(p["key"]) for p in one.response["keys"] if p["ksk"] == signing["ksk"])
                algorithm = bytes.fromhex(SIGNATURES[DNSSEC[signing["key"].algorithm][1]][0])
                try:
                    key.verify(algorithm, signing["data"], signature)
                except Bad as bad:
                    raise Bad("%s, bundle %d: %s" % (label, signing["bundle"], bad)) from None
            octets = [rrsig_octets(s["key"], made) for s, made in zip(one.signings, signatures)]  # noqa: B905
            whole = one.file(octets)
            self.compare(path, whole)
            self.skrs[label] = digest_of(whole)

    def key_set(self, response, day, millis):
        data = self.folder.get(below_folder("inputs/", response["request"]))
        need(digest_of(data) == response["digest"], "%s: another request than planned" % response["id"])
        request, (policy, schema, limits, keys, pins) = Request(data), self.zone(response, day)
        ids = {(response["zone"], one) for one in (request.id, *(bundle["id"] for bundle in request.bundles))}
        self.requests[response["id"]] = (ids, response["digest"])
        self.ends[response["id"]] = max(bundle["times"][1] for bundle in request.bundles)
        try:
            made = self.key_sets_made[response["id"]] = KeySet(response, request, schema, limits, keys, pins)
            made.keep_to(limits, millis // 1000)
            Asked(request, response, policy, limits, day).run()
        except Bad as bad:
            raise Bad("%s: %s" % (response["id"], bad)) from None
        return made

    def copy(self, operation):
        """The signature by which a copy showed whose copy it is; its public key is that of the key it copies."""
        name, key = operation["id"], self.session.copies[operation["id"]]
        public = key.public
        if public is None:
            known = "inputs/known/%s.spki.der" % operation["key"]
            public = PublicKey(self.folder.get(known))
            need(public.digest == key.digest, "%s: %s is another key" % (name, known))
        need(public.is_of_type(operation["type"]), "%s: its key is not of type %s" % (name, operation["type"]))
        text = possession_text(self.script, operation, key.digest)
        signature = self.session.generated["possession"][name]
        public.verify(public.planned_algorithm(""), text, signature)
        for path, data in zip(operation["outputs"], (text, signature)):  # noqa: B905 (Python 3.9)
            self.compare(path, data)

    def input(self, name):
        return self.folder.get(below_folder("inputs/", name))

    def certificate(self, source):
        """`operation:ID` or `input:FILE` as a certificate."""
        kind, _, name = source.partition(":")
        if kind == "operation":
            found = self.made.get(name)
            need(isinstance(found, CertificateTbs), "%s is not a certificate of this ceremony" % plain(source))
            return found
        need(kind == "input", "%s is no source" % plain(source))
        return read_certificate(self.input(name))

    def issuer(self, source):
        """The certificate of an issuer. What comes from elsewhere and says that it is signed by itself is."""
        found = self.certificate(source)
        if is_elsewhere(source) and is_self_signed(found):
            try:
                found.key.verify(found.algorithm, found.signed, found.signature)
            except Bad as bad:
                raise Bad("the certificate of its issuer, signed by itself: %s" % bad) from None
        return found

    def issue(self, operation):
        name, script, session = operation["id"], self.script, self.session
        form = FORMS["certificate" if operation["kind"] in CERTIFICATE_KINDS else operation["kind"]]
        tbs, event = session.drafts[name]
        try:
            real = form.tbs(tbs)
            draft = script.drafts.get(name)
            need(draft is not None, "has no frozen draft")
            opened = draft["open"]
            frozen = form.tbs(self.folder.get(below_folder("drafts/", draft["file"])))
            check_template(frozen, real, opened, form)
            if form.tbs is CrlTbs:
                issuer = self.check_crl(operation, real, event, opened)
            elif form.tbs is OcspTbs:
                issuer = self.check_response(operation, real, event, opened)
            elif form.tbs is RequestTbs:
                issuer = self.check_request(operation, real)
            else:
                issuer = self.check_certificate(operation, real)
            key = session.known_key(operation["key"])
            need(key is not None, "its key is not known")
            need(issuer.digest == key.digest, "its issuer is not the key %s" % operation["key"])
            planned = issuer.planned_algorithm(operation.get("signature", ""))
            need(getattr(real, "algorithm", planned) == planned, "names another signature algorithm than planned")
            if name not in session.completed_at:
                return
            signature = session.generated.get("signatures", {})[name]
            issuer.verify(planned, tbs, signature)
            if form.tbs is OcspTbs:
                whole = ocsp_response(tbs, planned, signature, self.beside(operation))
            else:
                whole = der(0x30, tbs + planned + der(3, b"\x00" + signature))
            if form.tbs in (CertificateTbs, CrlTbs):
                real = (read_certificate if form.tbs is CertificateTbs else read_crl)(whole, old=False)
            first, *others = operation["outputs"]
            self.compare(first, whole)
            for path in others:
                self.compare(path, pem_of(whole, form.label))
        except Bad as bad:
            raise Bad("%s: %s" % (name, bad)) from None
        self.made[name] = real
        if form.tbs is CertificateTbs:
            self.certificates.append(real)

    def subject(self, operation):
        """The digest of the key that is certified, the key if it is known, and the certificate it already has."""
        kind, _, name = operation["subject_key"].partition(":")
        existing = self.certificate(operation["existing"]) if operation["existing"] else None
        if kind == "key":
            key = self.session.known_key(name)
            need(key is not None, "the subject's key %s is not known" % plain(name))
            public, digest = key.public, key.digest
        elif kind == "spki":
            public = PublicKey(from_pem(self.input(name), "PUBLIC KEY"))
            digest = public.digest
        elif not kind:
            need(existing is not None, "the operation names no source of a key")
            public, digest = existing.key, existing.key.digest
        else:
            need(kind == "input", "%s is no source of a key" % plain(operation["subject_key"]))
            data = self.input(name)
            try:
                certificate = read_certificate(data)
                existing = existing or certificate
                public = certificate.key
            except Bad:
                public, _ = read_request(data)
            digest = public.digest
        if existing is not None:
            need(existing.key.digest == digest, "the existing certificate has another key")
            public = existing.key
        return digest, public, existing

    def check_certificate(self, operation, real):
        """spec/script.md `Operations`: what the certificate must say. The issuer's public key."""
        need(real.serial == hex_number(operation["certificate_serial"]), "has another serial number than planned")
        self.check_validity(operation, real)
        digest, _, existing = self.subject(operation)
        need(real.key.digest == digest, "certifies another key than planned")
        need(not real.key.is_stand_in, "certifies a stand-in, whose private key everyone knows")
        need(real.key.is_usable, "certifies a key with which nothing can be signed")
        kind = operation["kind"]
        if kind == "ocsp-responder":
            check_responder(real)
        else:
            need(real.is_ca and real.signs_certificates, "is not a CA certificate")
        if operation["subject"] or kind not in ("cross", "reissue"):  # which repeat the one of `existing`
            need(real.subject.hex() == operation["subject"].lower(), "has another subject than planned")
        need(existing is not None or kind not in ("cross", "reissue"), "the operation names no existing certificate")
        if existing is not None:
            need(
                kind not in ("cross", "reissue") or real.subject == existing.subject,
                "has another subject than the existing certificate",
            )
            identifier = existing.ski
        else:
            identifier = hashlib.sha256(real.key.bits).digest()[:20]
        need(real.ski == identifier, "its subject key identifier is not the one of its key")
        check_committed(kind, real, self.session.state)
        self.check_addresses(operation, real)
        check_constraints(operation.get("constraints"), real)
        if operation["issuer"] == "self":
            need(kind in ("root", "reissue") and real.subject == real.issuer, "issues itself and is no root")
            need(kind == "root" or existing.issuer == existing.subject, "its existing certificate is no root")
            need(real.aki in (None, real.ski), "its authority key identifier is not its own")
            return real.key
        issuer = self.issuer(operation["issuer"])
        need(kind not in ("root", "reissue"), "is a root and has an issuer")
        need(issuer.is_ca and issuer.signs_certificates, "its issuer is not a CA")
        need(real.issuer == issuer.subject, "its issuer's name is not the subject of the issuer's certificate")
        need(issuer.ski is not None and real.aki == issuer.ski, "its authority key identifier is not the issuer's")
        return issuer.key

    def check_validity(self, operation, real):
        """Days count from the opening of the window, which the dates then say too; without days they are planned."""
        need(operation["not_before"] and operation["not_after"], "is planned without dates")
        need(real.not_before == second_of(operation["not_before"]), "is valid from another time than planned")
        need(real.not_after == second_of(operation["not_after"]), "is valid to another time than planned")
        if "days" in operation:
            seconds = real.not_after - real.not_before + 1
            need(seconds == operation["days"] * 86400, "is not valid for the days planned")
            need(
                real.not_before == self.script.opens, "is planned with days, and not from the opening of the window on"
            )

    def check_response(self, operation, real, event, opened):
        """The public key of the responder."""
        issuer, about = self.certificate(operation["issuer"]), self.certificate(operation["certificate"])
        responder = self.certificate(operation["responder"]) if operation.get("responder") else issuer
        named = hashlib.sha1(issuer.subject).digest(), hashlib.sha1(issuer.key.bits).digest()
        need((real.name_hash, real.key_hash) == named, "is about a certificate of another issuer")
        need(real.serial == hex_number(operation["serial"]) == about.serial, "is about another certificate")
        need(about.subject.hex() == operation["subject"].lower(), "is about another subject than planned")
        need(
            about.issuer == issuer.subject and about.subject != about.issuer, "is about a certificate of another issuer"
        )
        need(is_issued_by(issuer.key, about), "is about a certificate that the issuer's key did not sign")
        who = hashlib.sha1(responder.key.bits).digest() if real.by_key else responder.subject
        need(real.responder == who, "names another responder")
        need(len(responder.usage) > 1 and responder.usage[1] & 0x80, "its responder's key may not sign responses")
        if responder.key.digest != issuer.key.digest:
            check_responder(responder)
            need(responder.issuer == issuer.subject, "its responder is not of the issuer")
            issuer.key.verify(responder.algorithm, responder.signed, responder.signature)
        self.check_status(operation, real, issuer)
        if "days" in operation:
            length = real.next_update - real.this_update
            need(length == operation["days"] * 86400 - 1, "is not for the days planned")
        else:
            dates = second_of(operation.get("this_update", "")), second_of(operation.get("next_update", ""))
            need((real.this_update, real.next_update) == dates, "is not for the dates planned")
            drafted = event.millis // 1000
            need(drafted - 86400 <= real.this_update <= drafted, "is not dated within the day before its drafting")
        if "this-update" in opened:
            here = self.script.opens <= real.this_update <= event.millis // 1000
            need(here, "its this-update is not a time of this ceremony")
        return responder.key

    def check_status(self, operation, real, issuer):
        """The status is the planned one, and what the newest CRL that the script names says."""
        need(real.status == operation["status"], "says another status than planned")
        planned = planned_entry(operation["revoked"]) if "revoked" in operation else (real.serial, None)
        revoked = None if real.revoked is None else (real.revoked[0], real.revoked[1] or None)
        need(planned == (real.serial, revoked), "says of the revocation otherwise than planned")
        listed = None
        if operation.get("crl"):
            kind, _, name = operation["crl"].partition(":")
            crl = self.made.get(name) if kind == "operation" else read_crl(self.input(name))
            need(isinstance(crl, CrlTbs) and crl.issuer == issuer.subject, "its CRL is not of the issuer")
            need(is_issued_by(issuer.key, crl), "its CRL is not signed by the key of the issuer")
            listed = crl.entries.get(real.serial)
            self.rests_on[operation["id"]] = crl
        listed = None if listed is None else (listed[0], listed[1] or None)
        need(listed == revoked, "does not say what the CRL says")

    def beside(self, operation):
        """The certificates beside the signature: a delegated responder's own."""
        if not operation.get("responder"):
            return []
        issuer, responder = self.certificate(operation["issuer"]), self.certificate(operation["responder"])
        return [responder.whole] if responder.key.digest != issuer.key.digest else []

    def check_request(self, operation, real):
        """The key of the certificate that it repeats, or the planned one of a key without."""
        if not operation["existing"]:
            key = self.session.known_key(operation["key"])
            need(key is not None, "the key %s is not known" % plain(operation["key"]))
            need(real.subject.hex() == operation["subject"].lower(), "has another subject than planned")
            need(real.key.digest == key.digest, "is for another key than planned")
            return real.key
        existing = self.certificate(operation["existing"])
        need(existing.is_ca, "its existing certificate is not a CA certificate")
        need(real.subject.hex() == operation["subject"].lower(), "has another subject than planned")
        need(real.subject == existing.subject, "has another subject than the existing certificate")
        need(real.key.digest == existing.key.digest, "is for another key than the existing certificate's")
        return existing.key

    @staticmethod
    def check_addresses(operation, real):
        values = {oid: value for oid, _, value in real.extensions}
        url = operation["crl_url"].encode()
        point = der(0x30, der(0x30, der(0xA0, der(0xA0, der(0x86, url))))) if url else None
        need(values.get(OID_CRLDP) == point, "its CRL address is not the planned one")
        url = operation["ca_issuers_url"].encode()
        access = der(0x30, der(0x30, bytes.fromhex("06082b06010505073002") + der(0x86, url))) if url else None
        need(values.get(OID_AIA) == access, "its issuer's address is not the planned one")
        found = []
        if OID_POLICIES in values:
            found = [
                der_oid(p.members()[0])
                for p in one_der(values[OID_POLICIES], 0x30, "policies").members()
                if p.members()
            ]
        need(found == operation["policies"], "its policies are not the planned ones")

    def check_updates(self, operation, real, event, opened):
        """The dates of a CRL. One that is dated ahead would hide every revocation until then."""
        if "days" in operation:
            length = real.next_update - real.this_update
            need(length in (operation["days"] * 86400, operation["days"] * 86400 - 1), "is not for the days planned")
        else:
            need(real.this_update == second_of(operation["this_update"]), "has another this-update than planned")
            need(real.next_update == second_of(operation["next_update"]), "has another next-update than planned")
            need(not {"this-update", "next-update"} & set(opened), "opens a date that is planned")
            last = event.millis // 1000 if self.script.rules == "webpki" else self.script.closes
            need(real.this_update <= last, "is dated ahead of its issuance")
        if "this-update" in opened:
            here = self.script.opens <= real.this_update <= event.millis // 1000
            need(here, "its this-update is not a time of this ceremony")

    def check_crl(self, operation, real, event, opened):
        """The issuer's public key."""
        need(real.number == operation["number"], "has the number %d, planned %d" % (real.number, operation["number"]))
        self.check_updates(operation, real, event, opened)
        check_scope(operation, real)
        check_committed("crl", real, self.session.state)
        issuer = self.issuer(operation["issuer"])
        need(real.issuer == issuer.subject, "its issuer's name is not the subject of the issuer's certificate")
        need(issuer.ski is not None and real.aki == issuer.ski, "its authority key identifier is not the issuer's")
        planned = dict(planned_entry(entry) for entry in operation["entries"])
        before = {}
        if operation["previous"]:
            kind, _, name = operation["previous"].partition(":")
            previous = self.made.get(name) if kind == "operation" else read_crl(self.input(name))
            need(
                isinstance(previous, CrlTbs) and previous.issuer == real.issuer,
                "its previous CRL is not of this issuer",
            )
            need(is_issued_by(issuer.key, previous), "its previous CRL is not signed by the key of this issuer")
            need(real.number > previous.number, "its number is not above the previous one")
            need(real.this_update >= previous.this_update, "is older than the previous one")
            entries_kept(previous, real, self.certificates, issuer.key)
            before = previous.entries
        for serial, entry in planned.items():
            need(serial in real.entries, "does not revoke %x" % serial)
            have = real.entries[serial]
            need(have[0] == entry[0] and (have[1] or None) == entry[1], "revokes %x otherwise than planned" % serial)
        for serial in real.entries:
            need(serial in planned or serial in before, "revokes %x, which nobody planned" % serial)
        return issuer.key


def check_cosignatures(folder, script, authority, session, transcript, signatures, claims):
    """spec/checkpoint.md: the final checkpoint, and the quorum `close` over it."""
    cosigned = folder.below("cosignatures/")
    if not transcript.closed:
        if cosigned or "checkpoint" in folder.digests:
            raise Bad("there is a final checkpoint, and the transcript does not end with `closed`: it was cut off")
        return claims.leave_open("cosignatures", "the ceremony is not closed, so nothing final is cosigned")
    if "checkpoint" not in folder.digests:
        need(not cosigned, "there are cosignatures and no final checkpoint")
        return claims.leave_open("cosignatures", "the record has no final checkpoint yet")
    claims.attempt("transcript", parse_checkpoint, folder.get("checkpoint"), origin_of(script), transcript)
    quorum, day = script.quorums["close"], transcript.events[-1].day
    own = [("size", transcript.size), ("root", transcript.root.hex()), ("origin", origin_of(script))]
    pairs = folder.signed_pairs("cosignatures/")
    known = {"cosignatures/%s.%s" % (stem, ending) for stem, _, _ in pairs for ending in ("statement", "sig")}
    for path in folder.below("cosignatures/"):
        need(path in known, "%s is not a cosignature" % path)
    people = set()
    for name, statement, armored in pairs:
        where = "cosignatures/%s" % name
        roles = {script.seats[seat]["role"] for seat in session.sat.get(name, ())}
        need(roles, "%s: sat in no seat of this ceremony" % where)
        role = quorum["role"] if quorum["role"] in roles else sorted(roles)[0]
        need(current(authority.person(name), role, day), "%s: is not appointed to %s" % (where, role))
        context = {
            "authority": script.authority["state"], "ceremony": script.ceremony, "script": script.digest,
            "window": script.window_line, "role": role,
        }  # fmt: skip
        signatures.check(authority.person(name), "checkpoint", script.mode, context, own, statement, armored, where)
        if role == quorum["role"]:
            people.add(name)
    if not pairs:
        claims.leave_open("cosignatures", "the final checkpoint is not yet cosigned")
    elif len(people) < quorum["need"]:
        claims.leave_open(
            "cosignatures", "cosigned by %d, needs %d of %s" % (len(people), quorum["need"], quorum["role"])
        )
    else:
        claims.found("cosignatures", "final checkpoint cosigned by %s" % ", ".join(sorted(people)))
    return None


# =====================================================================================================================
# 14  Continuity: spec/record.md `What a verifier checks`, DESIGN `register`
# =====================================================================================================================


def dealt_to(shares):
    """What is known of a share set also when its event is withheld."""
    return shares["threshold"], [(c["seat"], c["person"]) for c in shares["commitments"]]


def tiers(state, lies):
    """spec/authority.md, Tiers: tokens behind some, and how people could be spared, with the items in these places."""
    lying = frozenset(lies.items())
    if lying not in state.judged:
        state.judged[lying] = _tiers(state, lies)
    return state.judged[lying]


def _tiers(state, lies):
    tiered, found, role = set(), set(), state.quorums.get("unlock", {}).get("role")
    leading = {}  # holder -> place -> the items there that lead to it
    for name, item in state.items.items():
        if lies[name] in state.places:
            leading.setdefault(item["holder"], {}).setdefault(lies[name], []).append(name)
    for token in state.tokens:
        things = leading.get(token, {})
        there = {state.places[place]["facility"] for place in things}
        shares = {p: names for p, names in leading.get(role, {}).items() if state.places[p]["facility"] in there}
        ways = {one for place in (*things, *shares) for one in (place, *state.around(place))} & set(state.places)
        if any(state.places[place].get("within") for place in ways):
            tiered.add(token)
            spared = _spared(state, token, state.appointed(role), ways, shares)
            around = (_ways_around(state, token, alike) for alike in (things, shares))
            found.update(itertools.islice(itertools.chain(spared, *around), MAX_SPARED))
    return tiered, found


def _spared(state, token, keepers, ways, own):
    """Who opens two places on the ways, or one and a token. It takes long only where much is wrong."""
    opened, beside = {}, {}  # person -> places; all who can have a key beside -> they, and the places
    for place in sorted(ways):
        able = state.able(state.places[place]["controllers"])
        for person in sorted(able):
            for other in opened.setdefault(person, []):
                yield "%s opens %s and %s, both on the way to %s" % (person, other, place, token)
            opened[person].append(place)
        for person in sorted(able & keepers) if place not in own else ():
            yield "%s opens %s and may hold a share that unlocks %s" % (person, place, token)
        rule = state.places[place].get("beside")
        if rule:
            beside.setdefault(id(state.able(rule)), (state.able(rule), []))[1].append(place)
    for able, others in beside.values():
        for person in able & opened.keys():
            for place, other in itertools.product(opened[person], others):
                if place != other:
                    yield "%s opens %s and %s, both on the way to %s" % (person, place, other, token)


def _ways_around(state, token, alike):
    for facility in {state.places[place]["facility"] for place in alike}:
        near = [place for place in alike if state.places[place]["facility"] == facility]
        outer = {outer for place in near for outer in state.around(place)}
        for place in near:
            for lacking in outer.difference(state.around(place)):
                for name in alike[place]:
                    yield "%s leads to %s and lies outside %s" % (name, token, lacking)


class Register:
    """What the records so far say that the authority has and issued."""

    def __init__(self):
        self.last = None  # (checkpoint digest, ceremony) of the record before
        self.complete = True  # whether the records start at the genesis
        self.states, self.ceremonies, self.predecessors = [], set(), set()
        self.items, self.keys, self.sets, self.serials, self.crls = {}, {}, {}, {}, {}
        self.lists = {}  # key and name of an issuer -> digest of the file of its newest CRL, and the CRL's id
        self.ids = set()  # of every operation of which anything happened, and of everything adopted: for good
        self.destroyed = {}  # key -> the ceremony that destroyed it
        self.entered = {}  # item -> place and seal in the last state that has it
        self.facilities = {}  # place -> its facility, by the last state
        self.bags = {}  # item -> digests of keys of which a copy may be in its bag; of those in it when it last left
        self.copies = {}  # key that a token holds -> digest, token, the facility in which it came to the token
        self.generated = set()  # digests of the keys that were made in these records
        self.uses = {}  # digest of a key that was made in these records -> what its script called its use
        self.zones = {}  # digest of a key that is a KSK -> its zones, each with its algorithm there
        self.adopted = set()  # what is below inputs/known/ as something adopted
        self.issuers, self.unshown = (
            {},
            {},
        )  # certificates made or adopted; adopted ones that nobody is shown to have signed
        self.digests = {}  # artifact that may be published -> digest of its file
        self.ends = {}  # SKR -> when its last signature expires
        self.places = {}  # SKR -> Place
        self.ksks = set()  # public keys, as records have them, that were made or adopted
        self.octets = {}  # the same by the digest of the key
        self.skrs = {}  # SKRs as a script lists them
        self.published = []  # artifacts in the order of their last publications
        self.requests = {}  # ids of requests and bundles, each with its zone -> digest of the request
        self.known = {}  # what a later script finds below inputs/known/ -> its digest
        self.names = set()  # subject and digest of the key of what was certified, requested or adopted
        self.seals, self.certificates, self.millis, self.mode = set(), [], 0, None

    def check(self, script, authority, session, transcript, artifacts, claims):
        """Whether this record follows from the register. Every problem goes to the claim `continuity`."""

        def fail(text):
            claims.fail("continuity", text)

        if script.predecessor in self.predecessors:
            fail("a fork: another record names the same predecessor")
        if script.ceremony in self.ceremonies:
            fail("two records of the ceremony %s" % script.ceremony)
        if self.last is None:
            self.complete = script.predecessor == "genesis"
            if self.complete and (script.keys or script.value["sets"]):
                fail("the first record has keys or share sets from earlier ceremonies")
            text = (
                "the first record of its authority"
                if self.complete
                else "earlier records were not given and not checked"
            )
        else:
            text = "follows %s" % self.last[1]
            if script.predecessor != self.last[0]:
                fail("names another predecessor than the checkpoint of %s" % self.last[1])
            if script.mode != self.mode:
                fail("is of another mode than the record before")
            if transcript.events[0].millis < self.millis:
                fail("began before the record before it ended")
            mine = [state.digest for state in authority.states]
            if mine[: len(self.states)] != self.states:
                fail("the states of the authority do not continue those of %s" % self.last[1])
        if self.last is not None or self.complete:
            self._tell_governors(authority, transcript.events[0].day, claims)
        self._check_carried(script, authority, session, fail)
        self._check_carriers(script, authority, session, claims)
        self._check_issued(script, session, artifacts, fail)
        self._check_purposes(script, session, artifacts, fail)
        self._check_zones(script, session, artifacts, fail)
        claims.found("continuity", text)

    def _tell_governors(self, authority, day, claims):
        """Who signed a change and was no governor by the first ceremony held under it: spec/authority.md 2."""
        for number in range(max(1, len(self.states)), len(authority.states)):
            role, people = authority.unappointed(number, day)
            if people:
                said = (number, ", ".join(people), role, day)
                claims.fact("state %03d is signed by %s: not %s on %s, when a ceremony was first held under it" % said)

    def _check_entered(self, state, fail):
        """A later state says of an item what the one before said, or what the records say by now; nothing else.

        Of an item that a deviation made doubtful the records do not say it.
        """
        for name, item in state.items.items():
            said = self.entered.get(name, (item["place"], item["seal"]))
            place, seal, doubtful, _ = self.items.get(name, (*said, False, False))
            for member, before, now in (("place", said[0], place), ("seal", said[1], seal)):
                if item[member] not in (before, now) and not doubtful:
                    text = "item %s: the state has its %s as %s when it entered, and the one before as %s"
                    fail(text % (name, member, plain(item[member]) or "none", plain(before) or "none"))

    def _check_carried(self, script, authority, session, fail):
        known_before = self.last is not None
        self._check_entered(authority.state, fail)
        for item in script.value["items"]:
            name, entered = item["id"], authority.state.items.get(item["id"])
            if name in self.items:
                place, seal, doubtful, sent = self.items[name]
                if not doubtful and (item["place"], item["seal"]) != (place, seal):
                    fail("item %s: the register has it in %s, seal %s" % (name, place or "no place", seal or "none"))
                if not doubtful and item.get("sent", False) and not sent:
                    fail("item %s is not on its way" % name)
            elif entered is None:
                fail("item %s is not of the authority" % name)
            elif self.complete and (item["place"], item["seal"]) != (entered["place"], entered["seal"]):
                fail("item %s: it entered in %s, seal %s" % (name, entered["place"], entered["seal"]))
            elif self.complete and item.get("sent", False):
                fail("item %s entered in its place, and was not sent there" % name)
            place = authority.state.places.get(item["place"])
            if item["place"] and place is None:
                fail("item %s lies in %s, which is no place of the authority" % (name, plain(item["place"])))
            elif place and self.facilities.get(item["place"], place["facility"]) != place["facility"]:
                fail("item %s lies in %s, which is in another facility by now" % (name, plain(item["place"])))
        for key in [*session.keys.values(), *session.destroyed.values()]:
            if key.id not in script.keys or not (known_before or self.complete):
                continue
            if key.id in self.destroyed:
                fail("key %s was destroyed in %s" % (key.id, self.destroyed[key.id]))
            known = self.keys.get(key.id)
            if known is None and self.complete:
                fail("key %s is not known from earlier records" % key.id)
            elif known is not None and known != (key.object, key.digest, key.token, key.type):
                fail("key %s is not as the earlier record has it" % key.id)
        for one in script.value["sets"]:
            known = self.sets.get((one["token"], one["credential"]))
            if known is None and self.complete:
                fail("the share set %s is not known from earlier records" % one["set"]["id"])
            elif known is not None and known["id"] is not None and known != one["set"]:
                fail("the share set %s is not the one in force" % one["set"]["id"])
            elif known is not None and dealt_to(known) != dealt_to(one["set"]):
                fail("the share set %s is not dealt out as the one in force" % one["set"]["id"])
        listed = {(one["token"], one["credential"]) for one in script.value["sets"]}
        for token, credential in sorted(set(self.sets) - listed):  # its holders would be strangers to the token
            fail("the share set of %s, %s, is in force, and the script passes over it" % (plain(token), credential))
        for name in script.operations:
            if name in session.generated.get("keys", {}) and name in self.keys:
                fail("a key %s was generated before" % name)
            elif name in self.ids or name in self.keys or name in self.digests:
                fail("%s is the id of something else in an earlier record" % name)
        self._check_known(script, fail)
        for operation in script.value["operations"]:
            shown = script.shows(operation) if operation["kind"] == "import-key" else ""
            if shown.startswith("inputs/known/") and self.complete and shown[13:] not in self.adopted:
                fail("%s: %s was not adopted in an earlier record" % (operation["id"], operation["key"]))
        digests = {known[1] for known in self.keys.values()}
        for key in session.generated.get("keys", {}).values():
            if key.digest in digests:
                fail("key %s is a key of an earlier record" % key.id)
        used = (
            session.seals
            - set(script.value.get("seals", []))
            - {i["seal"] for i in script.value["items"]}
            - {i["seal"] for i in authority.state.value["items"]}
        )
        for seal in sorted(used & self.seals):
            fail("the seal %s was used before" % seal)

    def _check_known(self, script, fail):
        """What lies below inputs/known/ was made or adopted in an earlier record, under that name."""
        known = {**self.known, **dict(self._known_crls())}
        for path, digest in script.inputs.items():
            if not path.startswith("inputs/known/"):
                continue
            if known.get(path[13:], digest) != digest:
                fail("%s is not what the earlier record made" % path)
            elif self.complete and path[13:] not in known:
                fail("%s was made in no earlier record" % path)

    def _known_crls(self):
        """The newest CRL of an issuer has the name of one of its certificates, or its own if no record has one."""
        for digest, name in self.lists.values():
            yield name + ".crl", digest
        for name, it in self.issuers.items():
            if (it.key.digest, it.subject) in self.lists:
                yield name + ".crl", self.lists[it.key.digest, it.subject][0]

    def _check_carriers(self, script, authority, session, claims):
        """A key comes from where it is in a bag that was closed and sent there since it was there.

        What was adopted comes as it may; of what is not in these records nothing is known.
        """
        facility = script.value["facility"]
        used = {operation["token"] for operation in script.value["operations"]}
        for token in sorted(used & set(authority.state.tokens)):
            away = self._away(token, script, authority)
            if away and facility not in away:
                claims.fail("custody", "%s is used here, and its bag lies at %s" % (token, plain(away[0])))
        lies = self._lies(script, authority)
        spared = tiers(authority.state, lies)[1] - tiers(authority.state, authority.state.entered())[1]
        for problem in sorted(spared)[:MAX_PROBLEMS_SHOWN]:
            claims.fact("as things lie by now, %s" % problem)
        sent = {s["item"]: s["place"] for s in script.steps if s["kind"] == "custody" and s["action"] == "send"}
        if sent:
            (tiered, before), (still, then) = (tiers(authority.state, one) for one in (lies, dict(lies, **sent)))
            then = then | {"%s is sent to where it lies behind no tiers" % token for token in tiered - still}
            for problem in sorted(then - before):
                claims.fail("custody", problem)
        for operation in script.value["operations"]:
            if operation["kind"] != "import-key" or operation["id"] not in session.copies:
                continue
            name, carrier = operation["key"], operation.get("carrier")
            if name in script.operations and carrier:
                claims.fail(
                    "custody", "%s: %s is made here, and %s carries nothing of it" % (operation["id"], name, carrier)
                )
            elif name in self.keys and (self.complete or self.keys[name][1] in self.generated):
                self._check_carrier(operation, self.keys[name][1], script, authority, session, claims)

    def _check_carrier(self, operation, digest, script, authority, session, claims):
        """Of a key that was there before the first of these records, others may be where they do not tell."""
        carrier, lies = operation.get("carrier"), self._homes(script, authority)
        there = {one for name, where in lies.items() if self.copies[name][0] == digest for one in where}
        said = "%s: %s is in %s" % (
            operation["id"],
            operation["key"],
            ", ".join(map(plain, sorted(there))) or "no token",
        )
        holds, brought = self.bags.get(carrier, (set(), set()))
        if script.value["facility"] in there:
            if carrier and digest not in holds:
                claims.fail("custody", "%s, and the bag of %s was not closed there since" % (said, plain(carrier)))
        elif not carrier:
            claims.fail("custody", "%s, and no carrier brought it here" % said)
        elif digest not in brought:
            claims.fail("custody", "%s, and %s was never closed and sent from there since" % (said, plain(carrier)))
        else:
            doubt = "; a deviation made its way doubtful" * session.items[carrier].doubtful
            claims.fact(
                "%s; its copy came in the bag of %s, closed and sent from there since%s" % (said, plain(carrier), doubt)
            )

    def _homes(self, script, authority):
        """Where each key lies: where it came to its token; in the facilities of the token's bags, if none is there."""
        found = {}
        bags = {token: set(self._away(token, script, authority)) for token in {one[1] for one in self.copies.values()}}
        for name, (_, token, home) in self.copies.items():
            away = bags[token]
            found[name] = {home} if home in away or not away else away
        return found

    def _away(self, token, script, authority):
        """The facilities where the bags of a token lie; none if it is in no bag."""
        state, lies = authority.state, self._lies(script, authority)
        bags = [lies[name] for name, one in state.items.items() if one["holder"] == token]
        return [state.places[one]["facility"] for one in bags if one in state.places]

    def _lies(self, script, authority):
        """The place of each item of the authority before this ceremony."""
        lies = {name: item["place"] for name, item in authority.state.items.items()}
        lies.update((name, item[0]) for name, item in self.items.items() if name in lies)
        lies.update((item["id"], item["place"]) for item in script.value["items"] if item["id"] in lies)
        return lies

    def _fold_bags(self, script, authority, session):
        """A copy of what is there may be in a bag that is closed, and stays in it when it gets another bag."""
        home, places = script.value["facility"], authority.state.places
        here = {self.copies[name][0] for name, where in self._homes(script, authority).items() if home in where}
        before = {item["id"]: item["place"] for item in script.value["items"]}
        for name, item in session.items.items():
            holds, brought = (set(), set()) if item.gaped else self.bags.get(name, (set(), set()))
            if item.closing is not None:
                holds = holds | here | {session.known_key(key).digest for key in item.closing}
            if item.place != before[name] and places.get(item.place, {"facility": home})["facility"] != home:
                brought = holds
            self.bags[name] = (holds, brought) if item.seal else (set(), set())
        for name in (name for name in session.keys if name not in script.keys):
            self.copies[name] = (session.keys[name].digest, session.keys[name].token, home)
        for name in session.destroyed:
            self.copies.pop(name, None)
        self.generated.update(key.digest for key in session.generated.get("keys", {}).values())

    def _check_purposes(self, script, session, artifacts, fail):
        """spec/key-sets.md: a key is for certificates or for key sets, and a copy is for what its key is for."""
        uses, zones = dict(self.uses), {digest: set(known) for digest, known in self.zones.items()}
        uses.update((key.digest, script.operations[name]["use"]) for name, key in self._generated(session))
        certified = {it.key.digest: name for name, it in self.issuers.items()}
        for key in (key for key in script.keys.values() if "zone" in key):
            of = (key["zone"], key.get("algorithm"))
            if self.complete and of not in zones.get(key["spki"], ()):
                fail("%s: no record has it as a KSK of the zone %s with that algorithm" % (key["id"], plain(of[0])))
            zones.setdefault(key["spki"], set()).add(of)
        for name, key in [*self._generated(session), *session.copies.items()]:
            operation = script.operations[name]
            of, before = (operation.get("zone"), operation.get("algorithm")), zones.setdefault(key.digest, set())
            if of == (None, None):
                continue
            if operation["kind"] == "import-key" and of not in before:
                if key.digest in uses:
                    fail("%s: its key is no KSK of the zone %s with that algorithm" % (name, plain(of[0])))
                elif key.digest in certified:
                    fail("%s: its key is that of the certificate %s" % (name, certified[key.digest]))
            before.add(of)
        places = [
            *self.places.values(),
            *(one.place() for one in (artifacts.key_sets_made if artifacts else {}).values()),
        ]
        in_sets = {octets for place in places for _, octets in place.ksks}
        responses = [one for o in script.value["operations"] if o["kind"] == "sign-skr" for one in o["responses"]]
        here = {
            key.digest for one in responses for part in one["keys"] for key in [session.known_key(part["key"])] if key
        }
        for name in artifacts.made if artifacts else ():
            operation = script.operations[name]
            if "key" not in operation:
                continue
            key = session.known_key(operation["key"])
            octets = Dnskey.octets_of(key.public) if key.public is not None else self.octets.get(key.digest, set())
            if zones.get(key.digest) or key.digest in here or octets & in_sets:
                fail("%s: is signed by the KSK %s" % (name, operation["key"]))
        for operation in script.value["operations"]:
            for one in operation["responses"] if operation["kind"] == "sign-skr" else ():
                for digest in {key.digest for part in one["keys"] for key in [session.known_key(part["key"])] if key}:
                    use = uses.get(digest, "unknown")
                    if not zones.get(digest) and (use != "unknown" or digest in certified):
                        fail("%s: a KSK of it is a key for certificates" % one["id"])

    @staticmethod
    def _generated(session):
        return list(session.generated.get("keys", {}).items())

    def _check_zones(self, script, session, artifacts, fail):
        """The SKRs that the script lists are the earlier ones, deployed or not; none that matters is left out."""
        listed = {one["id"]: one for one in script.value.get("skrs", [])}
        for name, one in listed.items():
            known = self.skrs.get(name)
            if known is None:
                if self.complete:
                    fail("the SKR %s is not known from earlier records" % name)
                continue
            turn = {"turn": self.published.index(name) + 1} if "turn" in one and name in self.published else {}
            if one != dict(known, published=name in self.published, **turn):
                fail("the SKR %s is not as the earlier records have it" % name)
            if artifacts and artifacts.folder.digests.get("inputs/known/%s.skr.xml" % name) != self.digests[name]:
                fail("the file of the SKR %s is another one" % name)
        responses = [r for o in script.value["operations"] if o["kind"] == "sign-skr" for r in o["responses"]]
        for zone in {one["zone"] for one in responses}:
            deployed = [n for n in self.published if n in self.skrs and self.skrs[n]["zone"] == zone]
            if deployed and deployed[-1] not in listed:
                fail("the SKR %s is deployed in %s, and the script passes over it" % (deployed[-1], plain(zone)))
            for name, known in self.skrs.items():
                if known["zone"] == zone and self.ends[name] >= script.opens and name not in listed:
                    fail("the SKR %s has not expired, and the script passes over it" % name)
                revokes = name in deployed and self.places[name].revoked
                if revokes and name not in listed:
                    fail("a KSK is revoked in the SKR %s, and the script passes over it" % name)
        for name in script.operations:
            if name in self.skrs:
                fail("%s is the name of an SKR of an earlier record" % name)
        answered = [known["request"] for known in self.skrs.values()]
        mains = {one["id"]: one for one in responses if not one["back_out_of"]}
        for one in responses:
            if one["id"] in self.skrs:
                fail("an SKR %s was signed before" % one["id"])
            elif one["id"] in self.digests or one["id"] in self.ids:
                fail("%s is the name of something else in an earlier record" % one["id"])
            main = mains.get(one["back_out_of"] or one["id"])
            if main is None or main["act"] != one["act"]:
                fail("%s: there is no SKR of the same act that it backs out of" % one["id"])
            elif (
                one["digest"] in answered
                and one["act"] != "re-sign"
                and (main is one or main["digest"] != one["digest"])
            ):
                fail("%s: its request was answered before, and it is no re-sign" % one["id"])
            answered += [one["digest"]] if main is one else []
            again = self.skrs.get(one.get("again_of"))
            if one.get("again_of") and again is None and self.complete:
                fail("%s signs %s again, which is not known from earlier records" % (one["id"], one["again_of"]))
            elif again is not None and (again["request"], again["zone"]) != (one["digest"], one["zone"]):
                fail("%s signs %s again, which answers another request" % (one["id"], one["again_of"]))
            elif again is not None and again["schema"]:
                parts = [{"ksk": part["ksk"], "part": part["part"]} for part in one["keys"]]
                if (again["schema"], again["keys"]) != (one["schema"], parts):
                    fail("%s signs %s again, by another schema or with other KSKs" % (one["id"], one["again_of"]))
            if one["act"] == "genesis" and any(known["zone"] == one["zone"] for known in self.skrs.values()):
                fail("%s is the first SKR of a zone that has one" % one["id"])
        for one in responses if self.complete else ():
            self._check_ready(one, session, fail)
        self._check_ids(artifacts, fail)
        self._check_places(script, artifacts, fail)
        for one in script.value.get("publications", []):
            known = self.digests.get(one["artifact"])
            if known is None and self.complete:
                fail("%s is published and not known from earlier records" % one["artifact"])
            elif known not in (None, one["digest"]):
                fail("%s is published as another file" % one["artifact"])

    def _check_ready(self, one, session, fail):
        """A KSK is on every token of its zone, but in an emergency: spec/key-sets.md."""
        zones = {zone["name"]: zone["tokens"] for zone in session.state.value.get("zones", [])}
        for part in one["keys"] if one["act"] not in ("ksk-compromise", "ksk-loss") else ():
            key = session.known_key(part["key"])
            there = {token for digest, token, _ in self.copies.values() if key is not None and digest == key.digest}
            if missing := sorted(set(zones.get(one["zone"], ())) - there):
                fail("%s: the KSK %s is not on %s" % (one["id"], plain(part["ksk"]), ", ".join(missing)))

    def _check_ids(self, artifacts, fail):
        """An id is that of one request, and of one bundle, for good."""
        seen = dict(self.requests)
        for name, (ids, digest) in (artifacts.requests if artifacts else {}).items():
            if any(seen.get(one, digest) != digest for one in ids):
                fail("%s: another request with one of its ids was answered before" % name)
            seen.update(dict.fromkeys(ids, digest))

    def _check_places(self, script, artifacts, fail):
        """spec/skr.md `Its place in the sequence`, 1 to 4: after what was signed before, and beside one another."""
        listed = {one["id"] for one in script.value.get("skrs", [])}
        before = {name: self.places[name] for name in self.skrs if name in listed and name in self.places}
        made, mains = artifacts.key_sets_made if artifacts else {}, {}
        for name, one in made.items():
            try:
                if not one.response["back_out_of"]:
                    self._in_place(one, before, mains)
                    mains[name] = one
            except Bad as bad:
                fail("%s: %s" % (name, bad))
                mains[name] = one
        for name, one in made.items():
            try:
                if one.response["back_out_of"] in mains:
                    self._backs_out(one, mains[one.response["back_out_of"]])
                    names = list(mains)
                    until = names[: names.index(one.response["back_out_of"])]
                    self._after(one, before, {name: mains[name] for name in until})
            except Bad as bad:
                fail("%s: %s" % (name, bad))

    def _in_place(self, one, before, mains):
        need(not one.schema.get("back_out_of"), "a back-out stands by itself")
        for name, other in mains.items():
            both = other.zone == one.zone and {begins for begins, _ in one.place().times}
            need(not both or not both & {begins for begins, _ in other.place().times},
                 "it is for slots of %s, which is made here too" % name)  # fmt: skip
        self._after(one, before, mains)

    def _after(self, one, before, mains):
        """A response, or a back-out of one, after what is in the zone, or what is made here before it."""
        act, now, starts = one.response["act"], one.place(), one.bundles[0][0]["times"][0]
        own = {name: other.place() for name, other in mains.items() if other.zone == one.zone}
        earlier = {name: other for name, other in before.items() if other.zone == one.zone}
        deployed = {name: earlier[name] for name in self.published if name in earlier}
        once = [
            self.places[name] for name in self.published if name in self.places
        ]  # whether the script lists it or not
        revoked = set().union(*(other.revoked for other in once if other.zone == one.zone))
        if act == "calendar-bridge":
            deployed = {name: other for name, other in {**earlier, **own}.items() if not other.back_out}
        last = next((name for name in reversed(list(deployed)) if deployed[name].id != now.id), None)
        if last is None:
            first = act in ("genesis", "re-sign") or not self.complete
            need(first, "there is no SKR in the zone that it could follow")
            return
        other = deployed[last]
        begins, ends = other.times[-1]
        need(starts <= ends or act == "lapse", "it begins when %s before it has ended" % last)
        need(starts > begins or act in OFF_CYCLE, "it begins before the last bundle of %s" % last)
        if act not in BY_TWO:
            need(now.first <= other.last, "a ZSK of its first bundle is not in the last one of %s" % last)
            for rdata, (name, ttl) in now.first_names.items():
                before = other.last_names[rdata]
                need(
                    (before[0] or name, before[1]) == (name, ttl),
                    "a ZSK has another identifier or TTL than in %s" % last,
                )
        if act not in OFF_CYCLE and act != "lapse":
            across = one.limits.get("chain_overlap") or one.limits["overlap"]
            least, most = (Request._duration(across[end]) for end in ("least", "most"))
            need(least <= ends - starts <= most, "its overlap with %s is not as the policy has it" % last)
        if one.limits.get("serial") == "rising":
            need(int(one.request.serial) > int(other.serial), "its serial number is not above that of %s" % last)
        self._among_ksks(one, now, last, other)
        need(not (revoked | other.revoked) & now.published, "a KSK that was revoked is published again")
        if not one.response["back_out_of"]:
            self._follows(one, now, last, other)

    @staticmethod
    def _among_ksks(one, now, last, other):
        """The KSKs of the SKR before are pinned; no ZSK is one of them, or has the tag of one, revoked or not."""
        pinned = {pin["ds_sha256"] for pin in one.pins.values()}
        for key in other.ksks.values():
            need(key.ds(one.zone, "sha256") in pinned, "%s has the KSK %d, which is not pinned" % (last, key.tag))
        tags = {tag for key in other.ksks.values() for tag in (key.tag, key.revoked().tag)}
        for key in now.zsks.values():
            need((key.algorithm, key.octets) not in other.ksks, "a ZSK is the key pair of a KSK of %s" % last)
            need(key.tag not in tags, "a ZSK has the tag of a KSK of %s" % last)

    @staticmethod
    def _follows(one, now, last, other):
        """The schema may come after that of the SKR before, with the same KSKs in the parts that carry over."""
        if not other.schema:
            return  # of what was made elsewhere nobody has said it
        ways = [way for way in one.schema.get("follows", []) if way["schema"] == other.schema]
        if not ways:
            relaxed = one.response["act"] in ("ksk-compromise", "ksk-loss")
            need(relaxed, "the schema %s does not follow %s of %s" % (plain(now.schema), plain(other.schema), last))
            return
        carries = {carry["now"]: other.parts.get(carry["was"]) for carry in ways[0].get("carries", [])}
        carries = carries or {part: ksk for part, ksk in other.parts.items() if part in one.schema["keys"]}
        same = all(now.parts.get(part) == ksk for part, ksk in carries.items())
        need(same, "its KSKs play other parts than in %s" % last)

    @staticmethod
    def _backs_out(one, main):
        need(main.response["schema"] in one.schema.get("back_out_of", []), "it is no back-out of that schema")
        times = [[bundle["times"] for bundle, _ in each.bundles] for each in (one, main)]
        need(times[0] == times[1], "it backs out of other slots")
        parts = [each.place().parts for each in (one, main)]
        need(parts[0].items() <= parts[1].items(), "its KSKs play other parts than in what it backs out of")

    def _fold_zones(self, script, session, artifacts):
        for one in script.value.get("publications", []):
            if one["artifact"] in session.published:
                self._publish(one["artifact"])
        for operation in script.value["operations"]:
            for one in operation["responses"] if operation["kind"] == "sign-skr" else ():
                if one["id"] in artifacts.skrs:
                    keys = [{"ksk": part["ksk"], "part": part["part"]} for part in one["keys"]]
                    self.skrs[one["id"]] = {
                        "back_out": bool(one["back_out_of"]), "id": one["id"], "keys": keys,
                        "request": one["digest"], "schema": one["schema"], "zone": one["zone"],
                    }  # fmt: skip
        self.digests.update(artifacts.skrs)
        self.places.update((name, artifacts.key_sets_made[name].place()) for name in artifacts.skrs)
        self.ends.update(artifacts.ends)
        for ids, digest in (one for name, one in artifacts.requests.items() if name in artifacts.skrs):
            self.requests.update(dict.fromkeys(ids, digest))
        for name, made in artifacts.made.items():
            path = (script.operations[name].get("outputs") or [""])[0]
            if isinstance(made, (CertificateTbs, CrlTbs)) and path in artifacts.folder.digests:
                self.digests[name] = artifacts.folder.digests[path]

    def _check_issued(self, script, session, artifacts, fail):
        here = {}
        for name, made in artifacts.made.items() if artifacts else ():
            if isinstance(made, (CertificateTbs, CrlTbs)):
                self._check_issuer(name, script, artifacts, fail)
            if isinstance(made, CertificateTbs):
                mark = (made.issuer, made.serial)
                if mark in self.serials or mark in here:
                    fail("%s: its serial number was already issued" % name)
                here[mark] = name
                use = self.uses.get(made.key.digest, "unknown")
                root = script.rules == "webpki" and script.operations[name]["kind"] in ROOT_KINDS
                if root and use not in WATCHED:
                    fail("%s: its key was generated as %s, which nobody needed to watch" % (name, plain(use)))
            if isinstance(made, OcspTbs):
                self._check_status(name, script, artifacts, fail)
            if not isinstance(made, CrlTbs):
                continue
            key = (session.known_key(script.operations[name]["key"]).digest, made.issuer)
            self._check_crl(name, made, key, script, artifacts, fail)
            self.crls[key] = made

    def _check_crl(self, name, made, key, script, artifacts, fail):
        """A CRL follows the newest one of its issuer; the script names that, if a record has its file."""
        operation, before = script.operations[name], self.crls.get(key)
        if before is None:
            return
        if made.number <= before.number:
            fail("%s: its number is not above %d" % (name, before.number))
        if made.this_update < before.this_update:
            fail("%s: is older than the one before it" % name)
        try:
            entries_kept(before, made, artifacts.certificates, artifacts.certificate(operation["issuer"]).key)
        except Bad as bad:
            fail("%s: %s" % (name, bad))
        kind, _, file = operation["previous"].partition(":")
        named = script.inputs.get(below_folder("inputs/", file)) if kind == "input" else None
        if kind != "operation" and self.lists.get(key, (named, ""))[0] != named:
            fail(
                "%s: the CRL before it is not the one of %s that the records have"
                % (name, artifact_of(operation["issuer"]))
            )

    def _check_issuer(self, name, script, artifacts, fail):
        """A certificate of the issuer that comes from elsewhere has a name and a key that belong together here.

        One that is signed by itself has shown that: see `Artifacts.issuer`.
        """
        source = script.operations[name]["issuer"]
        issuer = artifacts.certificate(source) if is_elsewhere(source) else None
        if issuer is not None and self.complete and not is_self_signed(issuer):
            made = artifacts.made.values()
            here = {(it.subject, it.key.digest) for it in made if isinstance(it, (CertificateTbs, RequestTbs))}
            if (issuer.subject, issuer.key.digest) not in self.names | here:
                fail("%s: no record has the name and the key of its issuer together" % name)

    def _check_status(self, name, script, artifacts, fail):
        """A response rests on the newest CRL that the records know."""
        issuer = artifacts.certificate(script.operations[name]["issuer"])
        newest, used = self.crls.get((issuer.key.digest, issuer.subject)), artifacts.rests_on.get(name)
        if newest is not None and (used is None or used.number < newest.number):
            fail("%s: does not rest on the newest CRL, number %d" % (name, newest.number))

    def adopt(self, script, session, history):
        """Take in what this record adopts: it counts as if an earlier record had made it."""
        for public in history.keys.values():
            self.octets[public.digest] = Dnskey.octets_of(public)
            self.ksks |= self.octets[public.digest]
        self.unshown = history.unshown
        for name in (name for name in script.adopted if name in session.adopted):
            one = script.adopted[name]
            file = "%s.%s" % (name, ADOPTED_FILES[one["kind"]])
            there = name in self.ids or name in self.keys or name in self.skrs or name in self.digests
            need(not there and file not in self.known, "adopted %s: an earlier record has it" % name)
            if name in history.certificates:
                it = history.certificates[name]
                readers = script.readers(one["digest"], "adopt", name) if it.subject == it.issuer else ()
                few = it.subject == it.issuer and len(readers) < session.state.fewest
                need(not few, "adopted %s: compared by fewer than %d" % (name, session.state.fewest))
                need((it.issuer, it.serial) not in self.serials, "adopted %s: its serial number is known" % name)
                self.serials[it.issuer, it.serial] = name
                self.known[name + ".spki.der"] = it.key.digest
                self.names.add((it.subject, it.key.digest))
                self.digests[name] = one["digest"]
                self.issuers[name] = it
            if name in history.crls:
                crl, key = history.crls[name]
                need((key.digest, crl.issuer) not in self.crls, "adopted %s: a CRL of its issuer is known" % name)
                self.crls[key.digest, crl.issuer] = crl
                self.lists[key.digest, crl.issuer] = one["digest"], name
                self.digests[name] = one["digest"]
            elif name in history.skrs:
                zones = {zone["name"] for zone in session.state.value.get("zones", [])}
                need(history.skrs[name].zone in zones, "adopted %s: of a zone that the authority has not" % name)
                known = history.skrs[name].signers <= self.ksks or not self.complete
                need(known, "adopted %s: signed by a key that is neither adopted nor known" % name)
                self._adopt_skr(name, one["digest"], history.skrs[name])
            else:
                self.known[file] = one["digest"]
            self.adopted.add(file)

    def _publish(self, name):
        self.published = [one for one in self.published if one != name] + [name]

    def _adopt_skr(self, name, digest, skr):
        """It is in the zone, as the governors state; its request and its schema are not known."""
        ids = {(skr.zone, one) for one in skr.ids}  # bundles of other signers may have had theirs before
        need((skr.zone, skr.id) not in self.requests, "adopted %s: its id is known" % name)
        for other, known in self.skrs.items():
            later = known["zone"] == skr.zone and other in self.published and self.ends[other] >= skr.end
            need(not later, "adopted %s: %s was in the zone before and lasts as long" % (name, other))
        self.skrs[name] = {"back_out": False, "id": name, "keys": [], "request": "", "schema": "", "zone": skr.zone}
        self._publish(name)
        self.digests[name], self.ends[name] = digest, skr.end
        shown = [(bundle["times"], [key for _, key in bundle["keys"]]) for bundle in skr.bundles]
        self.places[name] = Place(skr, skr.zone, shown)
        self.requests.update(dict.fromkeys(ids, ""))
        self.known[name + ".skr.xml"] = digest

    def fold(self, folder, script, authority, session, transcript, artifacts):
        """Take this record in."""
        self.last = (folder.digests.get("checkpoint"), script.ceremony)
        self.states, self.mode = [state.digest for state in authority.states], script.mode
        self.ceremonies.add(script.ceremony)
        self.predecessors.add(script.predecessor)
        self.millis = transcript.events[-1].millis
        self._fold_bags(script, authority, session)
        self.facilities = {name: place["facility"] for name, place in authority.state.places.items()}
        self.entered.update((name, (item["place"], item["seal"])) for name, item in authority.state.items.items())
        self.items.update(session.register_items())
        self.seals |= session.seals
        for key in session.keys.values():
            self.keys[key.id] = (key.object, key.digest, key.token, key.type)
            if key.public is not None:
                self.octets[key.digest] = Dnskey.octets_of(key.public)
                self.ksks |= self.octets[key.digest]
        self.destroyed.update(dict.fromkeys(session.destroyed, script.ceremony))
        self.ids |= session.begun | session.adopted
        touched = {(o["token"], o["credential"]) for o in script.value["operations"] if o["kind"] == "share"}
        for place in touched - set(session.sets):
            self.sets.pop(place, None)
        self.sets.update(session.sets)
        if artifacts:
            self.certificates = artifacts.certificates
            self._fold_zones(script, session, artifacts)
            self._fold_made(folder, script, session, artifacts)

    def _fold_made(self, folder, script, session, artifacts):
        """What a later script finds below inputs/known/, and what is known of it."""
        for name, key in self._generated(session):
            self.uses[key.digest] = script.operations[name]["use"]
        for name, key in [*self._generated(session), *session.copies.items()]:
            self.known[name + ".spki.der"] = key.digest
            if "zone" in script.operations[name]:
                of = (script.operations[name]["zone"], script.operations[name].get("algorithm"))
                self.zones.setdefault(key.digest, set()).add(of)
        self.known.update((name + ".skr.xml", digest) for name, digest in artifacts.skrs.items())
        for name, made in artifacts.made.items():
            if isinstance(made, (CertificateTbs, RequestTbs)):
                self.names.add((made.subject, made.key.digest))
            operation = script.operations[name]
            digest = folder.digests.get((operation.get("outputs") or [""])[0])
            if isinstance(made, CertificateTbs):
                self.issuers[name] = made
                self.serials[made.issuer, made.serial] = name
            if digest is None:
                continue  # signed, and never written: no later script finds it
            if isinstance(made, CertificateTbs):
                self.known[name + ".cert.der"] = digest
            elif isinstance(made, CrlTbs):
                self.lists[session.known_key(operation["key"]).digest, made.issuer] = digest, name


# =====================================================================================================================
# 15  The report: spec/record.md
# =====================================================================================================================

EXPLAIN = {
    "files": (
        "Every file is named with its SHA-256 by an event of the transcript, nothing else lies in the folder, "
        "and no link leads out of it. A file changed, added or taken away afterwards would show here."
    ),
    "transcript": (
        "The events are numbered, in order of time and written in one form only. Their Merkle root is in the "
        "checkpoints that people read aloud and signed, so no event can be changed, dropped or put in between "
        "without their signatures."
    ),
    "authority": (
        "Who may act is decided by the authority's states: each is signed by its governors as the state "
        "before names them. The first cannot vouch for itself: its digest must come to you from elsewhere, "
        "with --authority."
    ),
    "script": (
        "The procedure was fixed and approved by people before the day. Its printed text is made again here "
        "and compared, so what people read on paper is what the program followed."
    ),
    "steps": (
        "The events are walked over the script. Each step is done in its order, or two people signed that it "
        "was not, or the ceremony was aborted in the way that the script lays down for it."
    ),
    "people": (
        "Each seat was taken by a person who is appointed to its role, who signed in with the key that the "
        "authority gives, who holds no role that excludes it, and who had not left when the seat acted."
    ),
    "quorums": (
        "Before each use of a key different people signed the very bytes, a person who holds no share gave "
        "the command, and holders in the planned number unlocked the token. The signed texts are built again "
        "here, never only read."
    ),
    "artifacts": (
        "Certificates and CRLs are put together again from the signed bytes, their signatures are checked, "
        "and they are compared with the files, with the draft frozen before the day, and with what the script "
        "planned."
    ),
    "keys": (
        "The token said that the key was made inside it and cannot leave it. This is the word of the device, "
        "not a proof; only an attestation by its vendor would be more."
    ),
    "custody": (
        "Things came out of the places and bags in which the earlier records left them, and went back into "
        "known ones. These are the entries of the people present: nothing in a file shows a safe."
    ),
    "cosignatures": (
        "People of different roles signed the checkpoint of each act, and the closing quorum the final one, "
        "with their own keys. Whoever holds these signatures can show any later change of the record."
    ),
    "continuity": (
        "Each record names the checkpoint of the one before it. Keys, share sets, seals, serial numbers, CRL "
        "numbers and entries carry over. Give all records in order to have this checked from the first one "
        "on."
    ),
}

NOT_SHOWN = (
    "uses of a token outside of ceremonies",
    "copies of a key or of shares that no record lists",
    "the true time: times are those of the host, read aloud by people",
    "the true presence of people: signatures show keys, not bodies",
)


class Record:
    """One record folder and everything that was found about it."""

    def __init__(self, path):
        self.path, self.claims, self.name, self.mode = path, Claims(), os.path.basename(os.path.normpath(path)), "?"
        self.outcome = None

    def not_checked(self, names, why):
        for name in names:
            self.claims.fail(name, "not checked: %s" % why)

    def verify(self, pinned, rehearsal, register, signatures):
        """All claims of this record, in the order in which they need one another."""
        claims = self.claims
        folder = claims.attempt("files", Folder, self.path)
        if folder is None:
            return self.not_checked(CLAIMS[1:], "the folder cannot be read")
        transcript = claims.attempt("transcript", self.read_transcript, folder)
        if transcript is None:
            for problem in folder.problems:
                claims.fail("files", problem)
            return self.not_checked([c for c in CLAIMS if c != "transcript"], "the transcript cannot be read")
        self.mode, self.name = transcript.opened["mode"], transcript.opened["ceremony"]
        claims.attempt("files", check_files, folder, transcript, claims)
        authority = claims.attempt("authority", Authority, folder, self.mode, signatures, claims)
        if authority is not None:
            self.check_pin(authority, pinned)
        if self.mode == "rehearsal" and not rehearsal:
            claims.fail(
                "authority", "this is a rehearsal, which proves nothing of real keys; it is checked with --rehearsal"
            )
        script = claims.attempt("script", lambda: Script(folder.get("script.json")))
        if authority is None or script is None:
            missing = "the authority" if authority is None else "the script"
            return self.not_checked(CLAIMS[3 if script else 4 :], "%s cannot be read" % missing)
        claims.attempt("script", check_script, folder, script, authority, transcript, signatures, claims)
        history = claims.attempt("artifacts", History, folder, script, register, claims)
        session = claims.attempt("steps", Session, script, authority, transcript, signatures, claims)
        if session is None:
            return self.not_checked(CLAIMS[5:], "the script cannot be walked")
        claims.attempt("steps", session.run)
        self.outcome = session.outcome
        artifacts = claims.attempt("artifacts", Artifacts, folder, script, session, register.certificates, claims)
        claims.attempt(
            "cosignatures", check_cosignatures, folder, script, authority, session, transcript, signatures, claims
        )
        if history:
            claims.attempt("continuity", register.adopt, script, session, history)
        claims.attempt("continuity", register.check, script, authority, session, transcript, artifacts, claims)
        claims.attempt("continuity", register.fold, folder, script, authority, session, transcript, artifacts)
        claims.attempt("steps", self.facts, script, session, transcript)
        return None

    def read_transcript(self, folder):
        transcript = Transcript(folder.get("transcript.jsonl"), self.claims)
        self.claims.found("transcript", "%s, root %s" % (some(transcript.size, "events"), transcript.root.hex()))
        self.claims.found("transcript", "ends " + " ".join(ends_of(transcript.root)))
        return transcript

    def check_pin(self, authority, pinned):
        claims = self.claims
        if pinned is None:
            claims.leave_open(
                "authority",
                "people unproven: compare %s with one from elsewhere and give it as --authority" % authority.genesis,
            )
        elif pinned != authority.genesis:
            claims.fail("authority", "another authority: its genesis is %s" % authority.genesis)
        count = len(authority.states)
        claims.found(
            "authority", "%s, %d state%s governed from the genesis" % (authority.name, count, "s" if count > 1 else "")
        )

    def facts(self, script, session, transcript):
        """What must be said with every verdict, and a few words for each claim that holds."""
        claims = self.claims
        claims.fact("mode: %s%s" % (script.mode.upper(), "; rules: " + script.rules))
        for token in script.tokens.values():
            if token["kind"] == "software":
                text = "software; M of N is enforced by this software alone"
            else:
                text = "pkcs11; M of N is enforced by quorate (split PIN), not by the module"
            claims.fact("token %s, serial %s: %s" % (token["id"], token["serial"], text))
        for notice in script.notices:
            claims.fact("notice of the script: %s" % notice)
        if session.deviations:
            claims.fact("deviations: %d: %s" % (len(session.deviations), "; ".join(session.deviations[:5])))
        if session.refusals:
            claims.fact("refused attempts: %d: %s" % (len(session.refusals), "; ".join(session.refusals[:5])))
        for waiver in script.value["waivers"]:
            claims.fact(
                "waiver: %s for %s by %s: %s"
                % (waiver["code"], waiver["operation"], " and ".join(waiver["people"]), waiver["reason"])
            )
        counts = dict(session.counts)
        shown = ("mismatches", "times a person left", "pauses", "suspensions", "faults of the program")
        odd = ["%s: %d" % (n, counts[n]) for n in shown if n in counts]
        odd += ["%s: %d" % (n, c) for n, c in sorted(counts.items()) if n.startswith("resumptions")]
        if odd:
            claims.fact(", ".join(odd))
        for name, number in sorted(counts.items()):
            if name.startswith("linted"):
                claims.fact("%s: %d drafts and finished objects, as the host states" % (name, number))
        if session.made:
            claims.fact("signatures were made: %s" % ", ".join("%s %d" % pair for pair in sorted(session.made.items())))
        withheld = sum(1 for event in transcript.events if event.body is None)
        if withheld:
            claims.fact("withheld events: %d; only their places, types and times are seen" % withheld)
        outcome = {"completed": "completed", "aborted": "aborted, in the way of the script"}.get(
            session.outcome, "not closed"
        )
        claims.found("steps", outcome)
        paper = [s["id"] for s in script.seats.values() if s["presence"] == "paper"]
        claims.found(
            "people",
            "%s of %s%s"
            % (
                some(counts.get("sign-ins", 0), "sign-ins"),
                some(len(script.seats), "seats"),
                ", on paper: " + ", ".join(paper) if paper else "",
            ),
        )
        claims.found(
            "quorums",
            "%s of a token, each approved and commanded; %s"
            % (some(counts.get("uses of a token", 0), "uses"), some(counts.get("unlocks", 0), "unlocks")),
        )
        if session.adopted:
            claims.fact(
                "adopted, as the governors state and no record has witnessed: %s" % ", ".join(sorted(session.adopted))
            )
        keys = session.generated.get("keys", {})
        if session.copies:
            claims.found("keys", "brought in as copies: %s" % ", ".join(sorted(session.copies)))
        claims.found("keys", "%d generated%s" % (len(keys), ": " + ", ".join(sorted(keys)) if keys else ""))
        if session.destroyed:
            claims.found("keys", "%d destroyed: %s" % (len(session.destroyed), ", ".join(sorted(session.destroyed))))
        claims.found("custody", "%s, as entered by the people present" % some(len(session.items), "items"))
        if counts.get("checkpoints"):
            claims.found("cosignatures", "%s within the ceremony" % some(counts["checkpoints"], "checkpoints"))

    def print_claims(self, explain):
        print("record %s (%s)" % (plain(self.name), plain(self.mode)))
        for name in CLAIMS:
            claims, kind = self.claims, CLASSES[name]
            problems, points = claims.problems[name], claims.open_points[name]
            for problem in problems[:MAX_PROBLEMS_SHOWN]:
                print("FAIL %-8s %s: %s" % (kind, name, problem))
            if len(problems) > MAX_PROBLEMS_SHOWN:
                print("FAIL %-8s %s: and %d more" % (kind, name, len(problems) - MAX_PROBLEMS_SHOWN))
            if not problems:
                for point in points[:MAX_PROBLEMS_SHOWN]:
                    print("open %-8s %s: %s" % (kind, name, point))
            if not problems and not points:
                print("ok   %-8s %s: %s" % (kind, name, "; ".join(claims.good[name]) or "nothing to check"))
            if explain:
                for line in textwrap.wrap(EXPLAIN[name], 104):
                    print("              " + line)
        for fact in self.claims.facts:
            print("note %s" % fact)


def verdict(records):
    """(exit code, sentence)."""
    failed = [(r, n) for r in records for n in CLAIMS if r.claims.problems[n]]
    waiting = [(r, n) for r in records for n in CLAIMS if r.claims.open_points[n]]
    if failed:
        names = list(dict.fromkeys(name for _, name in failed))
        return 1, "REFUSED: %s" % ", ".join(names)
    if waiting:
        people = any(name == "authority" for _, name in waiting)
        rest = list(dict.fromkeys(name for _, name in waiting if name != "authority"))
        parts = (["people unproven"] if people else []) + (["unfinished (%s)" % ", ".join(rest)] if rest else [])
        return 3, "CONSISTENT, %s" % ", ".join(parts)
    words = []
    if any(r.mode == "rehearsal" for r in records):
        words.append("a REHEARSAL, nothing real was signed")
    if any(r.outcome == "aborted" for r in records):
        words.append("aborted: " + ", ".join(plain(r.name) for r in records if r.outcome == "aborted"))
    return 0, "ACCEPTED%s" % ("; " + "; ".join(words) if words else "")


def record_within(path):
    """The record in the folder of a ceremony, which is no record itself: the real one before a rehearsal's."""
    places = [path, os.path.join(path, "record"), os.path.join(path, "rehearsal", "record")]
    records = [one for one in places if os.path.lexists(os.path.join(one, "transcript.jsonl"))]
    return records[0] if records and records[0] != path else ""


def main(arguments=None):
    parser = argparse.ArgumentParser(
        prog="quorate_verify.py", description="Check the records of key ceremonies.", allow_abbrev=False
    )
    parser.add_argument("records", nargs="+", metavar="RECORD", help="record folders, in the order of their ceremonies")
    parser.add_argument(
        "--authority", metavar="DIGEST", help="digest of the authority's first state, from elsewhere: sha256:…"
    )
    parser.add_argument("--rehearsal", action="store_true", help="accept the record of a rehearsal")
    parser.add_argument("--explain", action="store_true", help="say under each claim what it means")
    options = parser.parse_intermixed_args(arguments)
    if options.authority is not None and not DIGEST.match(options.authority):
        parser.error("--authority is `sha256:` and 64 hexadecimal digits in lower case")
    for path in options.records:
        if not os.path.isdir(path):
            parser.error("%s is not a folder" % plain(path))
        if inner := record_within(path):
            parser.error("%s is the folder of a ceremony; its record is %s" % (plain(path), plain(inner)))
    if len({os.path.realpath(path) for path in options.records}) != len(options.records):
        parser.error("a record is given twice")
    register, records = Register(), []
    for path in options.records:
        record = Record(path)
        record.verify(options.authority, options.rehearsal, register, Signatures())
        record.print_claims(options.explain)
        records.append(record)
        print()
    code, sentence = verdict(records)
    print("verdict: " + sentence)
    print("no record can show: " + "; ".join(NOT_SHOWN))
    return code


if __name__ == "__main__":
    try:
        status = main()
    except SystemExit:
        raise
    except KeyboardInterrupt:
        status = 1
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        status = 1
    except Exception as error:
        print("a bug of this program: %s: %s" % (type(error).__name__, plain(error)), file=sys.stderr)
        status = 70
    sys.exit(status)
