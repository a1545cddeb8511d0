"""Holds recorded REST requests to the stand-in for GitHub, and its answers, against GitHub's own OpenAPI description.

    github_rest.py FOLDER    reads every *.jsonl of it; exit 1 if anything does not conform

Of a request are checked: that there is such an operation, its path and query parameters, its body, and that it has no
parameter and no field that the operation does not know. Of an answer: that the operation has that status, and its body.
A record with "wrong": true was sent wrong on purpose: then it must be found wrong.
"""

import json
import os
import pathlib
import re
import sys

from jsonschema import Draft4Validator, validators
from jsonschema.exceptions import best_match
from openapi_schema_validator import OAS30Validator, oas30_format_checker
from referencing import Registry, Resource, Specification

DESCRIPTION = "npm/node_modules/@octokit/openapi/generated/api.github.com.json"
# What GitHub answers to requests of any kind, whether an operation lists it or not: authentication, rate limits, bodies that
# it cannot read or process ("Using the REST API", "Troubleshooting", GitHub's documentation, November 2026).
ALWAYS = {"400", "401", "403", "404", "422", "429"}

with open(pathlib.Path(os.environ["KECS_TEST_CACHE"]) / DESCRIPTION, encoding="utf-8") as file:
    github = json.load(file)
# A label without a description has null there, which other parts of the description (`label`) know.
label = github["components"]["schemas"]["pull-request-simple"]["properties"]["labels"]["items"]
label["properties"]["description"]["nullable"] = True


def or_null(keyword):
    """A keyword as JSON Schema has it, but null is fine where GitHub's description says `nullable: true` beside it.

    The description's `discriminator` is not looked at: it is a hint, and the one for files does not fit folders.
    """
    check = Draft4Validator.VALIDATORS[keyword]

    def lenient(validator, value, instance, schema):
        if instance is not None or not schema.get("nullable"):
            yield from check(validator, value, instance, schema) or ()

    return lenient


Validator = validators.extend(OAS30Validator, {keyword: or_null(keyword) for keyword in ("allOf", "anyOf", "oneOf")})
registry = Registry().with_resource("urn:github", Resource(github, Specification.OPAQUE))
compiled = {}


def resolved(part):
    """What a part of the description is, behind references."""
    while "$ref" in part:
        reference = part["$ref"]
        part = github
        for step in reference.removeprefix("#/").split("/"):
            part = part[step.replace("~1", "/").replace("~0", "~")]
    return part


def pointer(*steps):
    return "/".join(["urn:github#", *(step.replace("~", "~0").replace("/", "~1") for step in steps)])


def faults(value, schema, where):
    """What is wrong with a value; the schema is a reference, so that those within it can be followed."""
    if schema not in compiled:
        compiled[schema] = Validator({"$ref": schema}, registry=registry, format_checker=oas30_format_checker)
    for error in compiled[schema].iter_errors(value):
        # Of several schemas none of which fits: what is wrong with the one that comes closest.
        error = best_match([error])
        message = error.message if len(error.message) <= 300 else f"… {error.message[-200:]}"
        yield f"{where}{error.json_path.removeprefix('$')}: {message}"


def known_fields(schema):
    """The names of the fields that a body may have; None if it may have any."""
    schema = resolved(schema)
    if schema.get("additionalProperties") not in (None, False):
        return None
    names = set(schema.get("properties", {}))
    for kind in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(kind, []):
            more = known_fields(part)
            if more is None:
                return None
            names |= more
    return names


def pattern(path, parameters):
    """A path as a regular expression; a `{+}` in it stands for several segments."""
    several = {one["name"] for one in parameters if one.get("x-multi-segment")}
    parts = re.split(r"\{([^}]+)\}", path)
    for at in range(1, len(parts), 2):
        name = parts[at]
        parts[at] = f"(?P<{name.replace('-', '_')}>{'.+' if name in several else '[^/]+'})"
    parts[::2] = [re.escape(part) for part in parts[::2]]
    return re.compile("".join(parts) + "$")


def operations():
    methods = ("get", "post", "put", "patch", "delete")
    for path, item in github["paths"].items():
        for method in methods:
            if method in item:
                shared = item.get("parameters", [])
                parameters = [resolved(one) for one in shared + item[method].get("parameters", [])]
                yield method, path, parameters, pattern(path, parameters)


# Those with the fewest parameters first: `/repos/{owner}/{repo}/git/refs` before `/repos/{owner}/{repo}/git/{x}`.
ALL = sorted(operations(), key=lambda one: (one[1].count("{"), -len(one[1])))


def find(method, path):
    path = path.rstrip("/") or "/"
    for of, template, parameters, matcher in ALL:
        found = of == method and matcher.match(path)
        if found:
            return template, parameters, found.groupdict()
    return None


def typed(text, schema):
    """A text of a path or a query as the type that its schema asks for; as it is if it cannot be that."""
    try:
        if schema.get("type") in ("integer", "number"):
            return int(text)
    except ValueError:
        return text
    if schema.get("type") == "boolean":
        return {"true": True, "false": False}.get(text, text)
    return text


def parameter_faults(parameters, place, given):
    known = {one["name"].replace("-", "_") if place == "path" else one["name"]: one for one in parameters if one["in"] == place}
    for name, text in given:
        if name not in known:
            yield f"{place} has no parameter {name!r}"
            continue
        schema = resolved(known[name]["schema"])
        value = typed(text, schema)
        if isinstance(value, str) and schema.get("type") in ("integer", "number", "boolean"):
            yield f"{place} {name}: {text!r} is no {schema['type']}"
        elif "enum" in schema and value not in schema["enum"]:
            yield f"{place} {name}: {text!r} is none of {schema['enum']}"
    missing = {name for name, one in known.items() if one.get("required")} - {name for name, _ in given}
    for name in sorted(missing):
        yield f"{place} {name} is missing"


def request_faults(record, method, template, parameters, values):
    yield from parameter_faults(parameters, "path", list(values.items()))
    yield from parameter_faults(parameters, "query", record["query"])
    body, declared = record["body"], github["paths"][template][method].get("requestBody")
    if declared is None:
        if body is not None:
            yield "it has a body, and should have none"
        return
    declared = resolved(declared)
    if body is None:
        if declared.get("required"):
            yield "it has no body"
        return
    if "application/json" not in declared["content"]:
        yield "its body should not be JSON"
        return
    schema = pointer("paths", template, method, "requestBody", "content", "application/json", "schema")
    yield from faults(body, schema, "body")
    names = known_fields(declared["content"]["application/json"]["schema"])
    if isinstance(body, dict) and names is not None:
        for name in sorted(set(body) - names):
            yield f"body has no field {name!r}"


def answer_faults(record, method, template):
    status, body = str(record["status"]), record["response"]
    responses = github["paths"][template][method]["responses"]
    if status not in responses:
        if status in ALWAYS:
            yield from faults(body, pointer("components", "schemas", "basic-error"), f"answer {status}")
        else:
            yield f"answer {status}: this operation answers {', '.join(responses)} only"
        return
    if record["raw"]:
        return
    reference = responses[status].get("$ref")
    steps = reference.removeprefix("#/").split("/") if reference else ("paths", template, method, "responses", status)
    content = resolved(responses[status]).get("content", {})
    if "application/json" in content:
        yield from faults(body, pointer(*steps, "content", "application/json", "schema"), f"answer {status}")
    elif status in ALWAYS and not content:
        # Described in words only.
        yield from faults(body, pointer("components", "schemas", "basic-error"), f"answer {status}")
    elif body is not None and not content:
        yield f"answer {status}: it has a body, and should have none"


def check(record):
    """What is wrong with the request, and what with its answer."""
    method = record["method"].lower()
    found = find(method, record["path"])
    if found is None:
        return ["GitHub has no such operation"], []
    template, parameters, values = found
    seen.add((method, template))
    wrong = list(request_faults(record, method, template, parameters, values))
    return wrong, list(answer_faults(record, method, template))


def shape(value):
    """A record up to what makes no difference here: identifiers, times, texts of people."""
    if isinstance(value, dict):
        return tuple(sorted((name, shape(one)) for name, one in value.items()))
    if isinstance(value, list):
        return tuple(sorted({shape(one) for one in value}, key=repr))
    if isinstance(value, str):
        return value if re.fullmatch(r"[a-z_-]{1,24}", value) else re.sub(r"[0-9a-zA-Z]+", "x", value)[:40]
    return value if isinstance(value, bool) or value is None else type(value).__name__


count, told, seen, checked = 0, {}, set(), {}
for file in sorted(pathlib.Path(sys.argv[1]).glob("*.jsonl")):
    with open(file, encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    for record in records:
        if record["path"] == "/graphql":
            continue
        count += 1
        found = find(record["method"].lower(), record["path"])
        key = (found and found[0], record["status"], shape({**record, "path": "", "caller": ""}))
        if key not in checked:
            checked[key] = check(record)
        wrong, answered = checked[key]
        if record["wrong"]:
            wrong = [] if wrong else ["it was sent wrong on purpose, and nothing is wrong with it"]
        for fault in wrong + answered:
            told.setdefault(f"{record['method']} {record['path']} by {record['caller']}: {fault}", file.name)

for fault, name in sorted(told.items()):
    print(f"{fault}  [{name}]")
if told:
    sys.exit(1)
print(f"ok REST: {count} requests ({len(checked)} different ones) to {len(seen)} operations conform to GitHub's OpenAPI description")
