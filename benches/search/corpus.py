"""A catalog like those people keep: the same for the same seed, tenant by tenant. README.md says what is in it."""

import itertools
import json
import math
import random
from dataclasses import dataclass
from pathlib import Path

WORDS = Path(__file__).resolve().parent / "words"
SMALLEST, MIDDLE, LARGEST_SHARE = 10, 1_000, 0.2
ARTIFACTS_PER_TENANT = 1_000
CHUNK_LINES, CHUNK_BYTES = 10_000, 10 << 20
FOREIGN, UNSPACED, PLURAL, FUNCTION, IDENTIFIER = 0.08, 0.3, 0.15, 0.4, 0.04
# In Mandelbrot's form of Zipf's law, the constant that keeps the first few words from being too common.
MANDELBROT = 2.7


class Zipf:
    """Picks from a list whose first are the most frequent."""

    def __init__(self, choices, flattened=MANDELBROT):
        self.choices = choices
        self.weights = list(itertools.accumulate(1 / (rank + flattened) for rank in range(1, len(choices) + 1)))

    def pick(self, chance, count=1):
        return chance.choices(self.choices, cum_weights=self.weights, k=count)


def words(name):
    return (WORDS / f"{name}.txt").read_text().split()


def languages(name):
    return [Zipf(line.split()) for line in (WORDS / f"{name}.txt").read_text().splitlines()]


ENGLISH, FUNCTION_WORDS, TAGS, TYPES = (Zipf(words(name)) for name in ("english", "function", "tags", "types"))
SPACED, UNSPACED_LANGUAGES = languages("spaced"), languages("unspaced")
PEOPLE = (WORDS / "people.txt").read_text().replace("\n", "|").strip("|").split("|")
# Found in about one artifact of seven.
COMMON_WORD = ENGLISH.choices[9]


@dataclass
class Tenant:
    """A workspace: its place among all, and how many artifacts it has."""

    number: int
    size: int


def tenants(artifacts):
    """One for every thousand artifacts, from the largest with a fifth of them down to some with ten."""
    count = max(3, artifacts // ARTIFACTS_PER_TENANT)
    largest, middle = int(artifacts * LARGEST_SHARE), min(MIDDLE, artifacts // 10)
    rest = artifacts - largest - middle
    least, most = 0.0, 5.0
    for _ in range(60):
        steepness = (least + most) / 2
        sizes = [max(SMALLEST, int(largest / rank**steepness * (1 - rank / count))) for rank in range(2, count)]
        least, most = (steepness, most) if sum(sizes) > rest else (least, steepness)
    # What rounding left over goes to the second.
    sizes[0] += rest - sum(sizes)
    return [Tenant(number, size) for number, size in enumerate([largest, middle, *sizes])]


def chunks(tenant, seed):
    """The tenant's artifacts as NDJSON, in pieces that an import takes, and how many are in each."""
    chance = random.Random(f"{seed}/{tenant.number}")
    lines, size = [], 0
    for _ in range(tenant.size):
        line = json.dumps(artifact(chance), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        if len(lines) == CHUNK_LINES or size + len(line) > CHUNK_BYTES:
            yield len(lines), b"".join(lines)
            lines, size = [], 0
        lines.append(line)
        size += len(line)
    yield len(lines), b"".join(lines)


def artifact(chance):
    """One artifact, in the fields of an import."""
    kind = chance.random()
    language = None if kind > FOREIGN else chance.choice(SPACED if kind > FOREIGN * UNSPACED else UNSPACED_LANGUAGES)
    separator = "" if language in UNSPACED_LANGUAGES else " "
    length = min(250, int(math.exp(chance.gauss(2.7, 0.7))))
    say = (lambda count: language.pick(chance, count)) if language else (lambda count: sentence(chance, count))
    tags = TAGS.pick(chance, chance.choice((0, 1, 1, 2, 2, 3, 4, 6)))
    return {
        "name": name(chance, language, separator),
        "description": separator.join(say(length))[:2000] if length > 3 else None,
        "tags": list(dict.fromkeys(tags)),
        "artifact_type": TYPES.pick(chance)[0],
        "artifact_metadata": metadata(chance),
    }


def sentence(chance, count):
    """English words in their forms, with the small words between them, and now and then a number of something."""
    said = []
    for word in ENGLISH.pick(chance, count):
        draw = chance.random()
        if draw < FUNCTION:
            said += FUNCTION_WORDS.pick(chance)
        elif draw < FUNCTION + IDENTIFIER:
            said.append(identifier(chance))
        said.append(word + "s" if draw > 1 - PLURAL and word[-1] not in "shxyz" else word)
    return said


def identifier(chance):
    """What is unique or nearly so: dates, versions, tickets, digests."""
    kind = chance.randrange(4)
    if kind == 0:
        return f"{chance.randint(2019, 2026)}-{chance.randint(1, 12):02}"
    if kind == 1:
        return f"v{chance.randrange(6)}.{chance.randrange(30)}.{chance.randrange(12)}"
    if kind == 2:
        return f"{chance.choice(('OPS', 'DATA', 'PAY', 'WEB'))}-{chance.randrange(100_000)}"
    return f"{chance.getrandbits(28):07x}"


def name(chance, language, separator):
    """Names as people give them: of services, tables, titles, or in their own language."""
    if language:
        return separator.join(language.pick(chance, chance.randint(2, 4))) + f" {chance.randrange(1000)}"
    picked = ENGLISH.pick(chance, chance.randint(2, 4))
    kind = chance.randrange(4)
    if kind == 0:
        return "-".join(picked)
    if kind == 1:
        return "_".join(picked) + f"_{chance.randrange(10_000)}"
    title = " ".join(picked).capitalize()
    return title if kind == 2 else f"{title} {identifier(chance)}"


def metadata(chance):
    """A few pairs, of every kind of value."""
    all_pairs = {
        "owner": chance.choice(PEOPLE),
        "team": TAGS.pick(chance)[0],
        "region": chance.choice(("eu-west-1", "eu-central-1", "us-east-1", "ap-northeast-1")),
        "source": ".".join(ENGLISH.pick(chance, 2)),
        "rows": chance.randrange(10_000_000),
        "tier": chance.randint(1, 3),
        "cost": round(chance.random() * 1000, 2),
        "reviewed": chance.random() < 0.5,
    }
    kept = chance.sample(list(all_pairs), chance.randint(0, 5))
    return {key: all_pairs[key] for key in kept}
