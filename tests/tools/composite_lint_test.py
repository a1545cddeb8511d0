"""Each fault that composite_lint.py knows is planted once and must be found."""

import tempfile
import unittest
from pathlib import Path

import composite_lint

SOUND = """\
name: wait
description: waits
inputs:
  cluster-name:
    description: the cluster
    required: true
outputs:
  outcome:
    description: what happened
    value: ${{ steps.run.outputs.outcome }}
runs:
  using: composite
  steps:
    - id: run
      shell: bash
      env:
        KECS_CLUSTER_NAME: ${{ inputs.cluster-name }}
      run: '"$GITHUB_ACTION_PATH/../launch.sh" wait'
"""
WORKFLOW = """\
on: push
jobs:
  wait:
    runs-on: ubuntu-24.04
    steps:
      - uses: $/actions/wait
        with:
          cluster-name: prod
"""
FAULTS = [
    ("camel case", SOUND.replace("cluster-name", "clusterName"), "input clusterName: not kebab-case"),
    ("input not passed on", SOUND.replace("inputs.cluster-name", "github.job"), "passed on to no step"),
    ("undeclared input", SOUND.replace("launch.sh\" wait'", "launch.sh\" wait'\n      if: inputs.region"), "input region: used"),
    ("output of a missing step", SOUND.replace("steps.run", "steps.ran"), "no step has the id ran"),
    ("constant output", SOUND.replace("${{ steps.run.outputs.outcome }}", "done"), "names no step"),
    ("no shell", SOUND.replace("      shell: bash\n", ""), "without a shell"),
    ("expression in run", SOUND.replace('" wait', '" ${{ github.ref }}'), "an expression inside run"),
    ("INPUT_ variable", SOUND.replace("KECS_CLUSTER", "INPUT_CLUSTER"), "INPUT_CLUSTER_NAME in env"),
    ("unquoted variable", SOUND.replace("'\"$GITHUB_ACTION_PATH/../launch.sh\" wait'", "ls $HOME/x"), "SC2086"),
    ("not composite", SOUND.replace("using: composite", "using: node24"), "not a composite action"),
]


class CompositeLint(unittest.TestCase):
    def findings(self, action=SOUND, workflow=WORKFLOW):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            for path, text in [("actions/wait/action.yml", action), ("workflows/deploy.yml", workflow)]:
                (root / path).parent.mkdir(parents=True)
                (root / path).write_text(text, encoding="utf-8")
            return composite_lint.lint(root)[0]

    def test_sound_files_have_no_findings(self):
        self.assertEqual(self.findings(), [])

    def test_each_fault_in_an_action_is_found(self):
        for name, action, expected in FAULTS:
            with self.subTest(name):
                self.assertNotEqual(action, SOUND, "the fault was not planted")
                workflow = WORKFLOW.replace("cluster-name", "clusterName") if name == "camel case" else WORKFLOW
                found = self.findings(action, workflow)
                self.assertTrue(any(expected in finding for finding in found), found)

    def test_uses_of_a_missing_folder(self):
        found = self.findings(workflow=WORKFLOW.replace("$/actions/wait", "./actions/waits"))
        self.assertEqual(found, ["workflows/deploy.yml: uses ./actions/waits: there is no actions/waits/action.yml"])

    def test_uses_with_an_unknown_input(self):
        found = self.findings(workflow=WORKFLOW.replace("cluster-name", "cluster"))
        self.assertEqual(found, ["workflows/deploy.yml: uses $/actions/wait: it has no input cluster"])

    def test_a_file_that_is_no_mapping(self):
        with self.assertRaisesRegex(ValueError, "not a YAML mapping"):
            self.findings(action="- a\n")


if __name__ == "__main__":
    unittest.main()
