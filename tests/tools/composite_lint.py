"""Checks of composite actions that no other linter makes.

Usage: composite_lint.py [REPOSITORY]      (default: the current directory)

Reads `actions/*/action.yml`, `.github/workflows/*.yml` and `workflows/*.yml`. In composite actions: inputs are kebab-case,
each is passed on, none is used undeclared; `run` has a shell, holds no expression and is clean for shellcheck; no `INPUT_*`
variable is set (act sets these, GitHub's runner does not); outputs name existing steps. Everywhere: a `uses` of this
repository (`$/path` or `./path`) names a file that exists, and `with` gives only inputs that it declares.

Prints one line for each finding. Exit code: 0 none, 1 findings, 2 a file that is no YAML mapping.
"""

import re
import subprocess
import sys
from pathlib import Path

import yaml

KEBAB_CASE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
INPUT_USE = re.compile(r"\binputs\.([A-Za-z0-9_-]+)|\binputs\['([^']+)'\]")
STEP_USE = re.compile(r"\bsteps\.([A-Za-z0-9_-]+)\.")
OWN_PATH = re.compile(r"(?:\$|\.)/(.+)")


def load(path):
    """The mapping in a YAML file; `ValueError` says why there is none."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ValueError(f"{path}: not YAML: {error}") from error
    if not isinstance(document, dict):
        raise ValueError(f"{path}: not a YAML mapping")
    return document


def texts(node):
    """All strings in a YAML node, keys included."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from texts(key)
            yield from texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from texts(value)
    elif isinstance(node, str):
        yield node


def used_inputs(node):
    return {first or second for text in texts(node) for first, second in INPUT_USE.findall(text)}


def shellcheck(script):
    """What shellcheck says of a `run` block: one finding a line."""
    run = subprocess.run(
        ["shellcheck", "--shell=bash", "--format=gcc", "-"], input=script, text=True, capture_output=True, check=False
    )
    return (run.stdout + run.stderr).splitlines() if run.returncode else []


def lint_inputs(action):
    declared = action.get("inputs") or {}
    used = used_inputs(action.get("runs"))
    for name in declared:
        if not KEBAB_CASE.fullmatch(str(name)):
            yield f"input {name}: not kebab-case"
        if name not in used:
            yield f"input {name}: declared, but passed on to no step"
    for name in sorted(used - set(declared)):
        yield f"input {name}: used, but not declared"


def lint_outputs(action):
    ids = {step.get("id") for step in steps_of_action(action)}
    for name, output in (action.get("outputs") or {}).items():
        named = STEP_USE.findall(str((output or {}).get("value", "")))
        if not named:
            yield f"output {name}: its value names no step"
        for step in named:
            if step not in ids:
                yield f"output {name}: no step has the id {step}"


def lint_run(number, step):
    if "shell" not in step:
        yield f"step {number}: run without a shell"
    if "${{" in step["run"]:
        yield f"step {number}: an expression inside run; pass it by env"
    for name in step.get("env") or {}:
        if str(name).startswith("INPUT_"):
            yield f"step {number}: {name} in env: GitHub's runner and act differ on INPUT_*"
    for line in shellcheck(step["run"]):
        yield f"step {number}: shellcheck {line}"


def lint_action(action):
    if (action.get("runs") or {}).get("using") != "composite":
        yield "not a composite action"
        return
    yield from lint_inputs(action)
    yield from lint_outputs(action)
    for number, step in enumerate(steps_of_action(action), start=1):
        if "run" in step:
            yield from lint_run(number, step)


def steps_of_action(action):
    return (action.get("runs") or {}).get("steps") or []


def callers(workflow):
    """The jobs and steps of a workflow: whatever may say `uses`."""
    for job in (workflow.get("jobs") or {}).values():
        yield job
        yield from job.get("steps") or []


def declared_inputs(target):
    """The inputs of an action or of a reusable workflow. YAML 1.1 reads the key `on` as true."""
    triggers = target.get("on", target.get(True))
    if isinstance(triggers, dict):
        return set((triggers.get("workflow_call") or {}).get("inputs") or {})
    return set(target.get("inputs") or {})


def lint_uses(root, nodes):
    for node in nodes:
        match = OWN_PATH.fullmatch(str(node.get("uses", "")))
        if not match:
            continue
        path = root / match[1]
        file = path if path.suffix in {".yml", ".yaml"} else path / "action.yml"
        if not file.is_file():
            yield f"uses {node['uses']}: there is no {file.relative_to(root)}"
            continue
        for name in sorted(set(node.get("with") or {}) - declared_inputs(load(file))):
            yield f"uses {node['uses']}: it has no input {name}"


def lint(root):
    """All findings of a repository, as `file: finding`, and how many files were read."""
    findings, files = [], 0
    for path in sorted(root.glob("actions/*/action.yml")):
        action, files = load(path), files + 1
        found = [*lint_action(action), *lint_uses(root, steps_of_action(action))]
        findings += [f"{path.relative_to(root)}: {finding}" for finding in found]
    for path in sorted([*root.glob(".github/workflows/*.yml"), *root.glob("workflows/*.yml")]):
        workflow, files = load(path), files + 1
        findings += [f"{path.relative_to(root)}: {finding}" for finding in lint_uses(root, callers(workflow))]
    return findings, files


def main(arguments):
    root = Path(arguments[0] if arguments else ".").resolve()
    try:
        findings, files = lint(root)
    except ValueError as error:
        print(error)
        return 2
    print(*findings, f"{files} files, {len(findings)} findings", sep="\n")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
