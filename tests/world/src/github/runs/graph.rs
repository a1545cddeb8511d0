//! The jobs of a run: those of the workflow, and those of the workflows that it calls.
//!
//! Source: "Reuse workflows", GitHub's documentation, November 2026: a called workflow can keep or reduce the permissions
//! of the job that calls it, never raise them; its inputs and secrets are those that it declares.

use std::collections::{BTreeMap, BTreeSet};

use serde_yaml::Value;

use super::model::RunSettings;
use crate::github::model::{Access, Permissions};
use crate::github::workflow::{Workflow, default_permissions, list};

/// Whose workflow file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Of the repository that the run belongs to.
    Consumer,
    /// Of the product.
    Product,
}

/// One workflow: the one that an event started, or a called one.
#[derive(Debug)]
pub(super) struct Level {
    pub place: Place,
    pub workflow: Workflow,
    /// `owner/name/.github/workflows/x.yml@ref` as the caller writes it.
    pub called_as: Option<String>,
    pub nodes: Vec<Node>,
}

/// One job, with or without a matrix.
#[derive(Debug)]
pub(super) struct Node {
    pub id: String,
    pub definition: Value,
    pub needs: Vec<String>,
    pub permissions: Permissions,
    /// The workflow that it calls instead of having steps.
    pub called: Option<std::sync::Arc<Level>>,
}

/// Levels of workflows that call workflows.
const DEPTH: usize = 10;

/// Where workflow files are.
pub(super) struct Sources<'a> {
    pub settings: &'a RunSettings,
    /// Those of the run's commit, by path.
    pub own: BTreeMap<String, Result<Workflow, String>>,
}

/// What the calling job gives.
struct Caller {
    place: Place,
    granted: Option<Permissions>,
    called_as: Option<String>,
    depth: usize,
}

/// All jobs, or the reason for which GitHub would not start the run.
pub(super) fn build(workflow: Workflow, sources: &Sources<'_>) -> Result<Level, String> {
    let caller = Caller {
        place: Place::Consumer,
        granted: None,
        called_as: None,
        depth: 0,
    };
    level(workflow, caller, sources)
}

fn level(workflow: Workflow, caller: Caller, sources: &Sources<'_>) -> Result<Level, String> {
    if caller.depth > DEPTH {
        return Err(format!("workflows call each other more than {DEPTH} deep"));
    }
    let mut nodes = Vec::new();
    for (id, job) in workflow.jobs() {
        let asked = workflow.permissions(job)?;
        let permissions = match (&caller.granted, asked) {
            (None, asked) => asked.unwrap_or_else(default_permissions),
            (Some(granted), None) => granted.clone(),
            (Some(granted), Some(asked)) => {
                check_permissions(&workflow.path, &id, &asked, granted)?;
                asked
            }
        };
        let called = match job.get("uses").and_then(Value::as_str) {
            None => None,
            Some(uses) => {
                let (place, called) = find(uses, caller.place, sources)?;
                check_call(uses, job, &called)?;
                let inner = Caller {
                    place,
                    granted: Some(permissions.clone()),
                    called_as: Some(uses.to_owned()),
                    depth: caller.depth + 1,
                };
                Some(level(called, inner, sources)?.into())
            }
        };
        nodes.push(Node {
            needs: list(job.get("needs")),
            definition: job.clone(),
            permissions,
            called,
            id,
        });
    }
    check_needs(&workflow.path, &nodes)?;
    Ok(Level {
        place: caller.place,
        called_as: caller.called_as,
        nodes,
        workflow,
    })
}

fn check_permissions(
    path: &str,
    job: &str,
    asked: &Permissions,
    granted: &Permissions,
) -> Result<(), String> {
    let word = |access: Option<&Access>| match access {
        None => "none",
        Some(Access::Read) => "read",
        Some(Access::Write) => "write",
    };
    for (scope, access) in &asked.0 {
        if !granted.allow(scope, *access) {
            return Err(format!(
                "Error calling workflow '{path}'. The nested job '{job}' is requesting '{scope}: {}', but is only allowed '{scope}: {}'.",
                word(Some(access)),
                word(granted.0.get(scope)),
            ));
        }
    }
    Ok(())
}

/// Jobs can need only jobs of their workflow, and never each other.
fn check_needs(path: &str, nodes: &[Node]) -> Result<(), String> {
    let mut done: BTreeSet<&str> = BTreeSet::new();
    for _ in nodes {
        let ready = nodes
            .iter()
            .filter(|node| node.needs.iter().all(|need| done.contains(need.as_str())));
        let ready: Vec<&str> = ready.map(|node| node.id.as_str()).collect();
        done.extend(ready);
    }
    match nodes.iter().find(|node| !done.contains(node.id.as_str())) {
        None => Ok(()),
        Some(node) => Err(format!(
            "{path}: job '{}' needs {:?}, of which one is missing or needs it in turn",
            node.id, node.needs
        )),
    }
}

/// The inputs and secrets of a call are those that the called workflow declares.
fn check_call(uses: &str, job: &Value, called: &Workflow) -> Result<(), String> {
    let trigger = called
        .trigger("workflow_call")
        .ok_or_else(|| format!("{uses}: it has no `workflow_call` trigger"))?;
    for (kind, given) in [("inputs", "with"), ("secrets", "secrets")] {
        if job.get(given).and_then(Value::as_str) == Some("inherit") {
            continue;
        }
        let names = |value: Option<&Value>| -> BTreeSet<String> {
            let names = value.and_then(Value::as_mapping).into_iter().flatten();
            names
                .filter_map(|(name, _)| name.as_str().map(str::to_owned))
                .collect()
        };
        let declared = names(trigger.get(kind));
        let given = names(job.get(given));
        if let Some(unknown) = given.difference(&declared).next() {
            return Err(format!(
                "Invalid {}, {unknown} is not defined in the referenced workflow {uses}.",
                kind.trim_end_matches('s')
            ));
        }
        let missing = declared.difference(&given).find(|name| {
            let one = trigger.get(kind).and_then(|all| all.get(name.as_str()));
            let required = one
                .and_then(|one| one.get("required"))
                .and_then(Value::as_bool);
            required == Some(true)
        });
        if let Some(missing) = missing {
            return Err(format!(
                "{} {missing} is required, but not provided while calling {uses}.",
                if kind == "inputs" { "Input" } else { "Secret" }
            ));
        }
    }
    Ok(())
}

/// A called workflow, and whose it is.
fn find(uses: &str, from: Place, sources: &Sources<'_>) -> Result<(Place, Workflow), String> {
    let settings = sources.settings;
    let local = uses.strip_prefix("./").or_else(|| uses.strip_prefix("$/"));
    let (place, path) = match local {
        Some(path) => (from, path),
        None => {
            let (path, _) = uses
                .split_once('@')
                .ok_or_else(|| format!("{uses}: it names no commit"))?;
            let path = path
                .strip_prefix(&settings.product_name)
                .and_then(|path| path.strip_prefix('/'))
                .ok_or_else(|| format!("{uses}: this stand-in knows no other repository's workflows than the product's"))?;
            (Place::Product, path)
        }
    };
    let workflow = match place {
        Place::Consumer => {
            let found = sources.own.get(path).cloned();
            found.ok_or_else(|| format!("{uses}: workflow was not found"))??
        }
        Place::Product => {
            let file = settings.product.join(path);
            let source = std::fs::read_to_string(&file)
                .map_err(|error| format!("{uses}: workflow was not found: {error}"))?;
            Workflow::parse(path, &source)?
        }
    };
    Ok((place, workflow))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALLED: &str = "on: {workflow_call: {inputs: {must: {type: string, required: true}}}}
permissions: {}
jobs:
  a: {environment: production, permissions: {id-token: write}, steps: []}
  b: {needs: a, steps: []}
";

    fn built(caller: &str, called: &str) -> Result<Level, String> {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let workflows = folder.path().join(".github/workflows");
        std::fs::create_dir_all(&workflows).expect("a folder");
        std::fs::write(workflows.join("x.yml"), called).expect("a file");
        let settings = RunSettings {
            product: folder.path().to_owned(),
            product_name: "o/p".to_owned(),
            ..RunSettings::default()
        };
        let source = format!(
            "on: push\njobs:\n  call:\n    uses: o/p/.github/workflows/x.yml@abc\n    {caller}\n"
        );
        let workflow = Workflow::parse(".github/workflows/c.yml", &source)?;
        build(
            workflow,
            &Sources {
                settings: &settings,
                own: BTreeMap::new(),
            },
        )
    }

    #[test]
    fn each_job_of_a_called_workflow_has_its_own_permissions() {
        let caller = "permissions: {contents: write, id-token: write}\n    with: {must: x}";
        let level = built(caller, CALLED).expect("a graph");
        let called = level.nodes[0].called.as_ref().expect("a called workflow");
        assert_eq!(called.place, Place::Product);
        assert!(called.nodes[0].permissions.allow("id-token", Access::Write));
        assert_eq!(called.nodes[1].permissions, Permissions::default());
        assert_eq!(called.nodes[1].needs, ["a"]);
    }

    #[test]
    fn what_github_would_not_start_is_refused() {
        let all = "permissions: {contents: write, id-token: write}";
        for (caller, called, expected) in [
            (
                "permissions: {contents: write}\n    with: {must: x}",
                CALLED,
                "requesting 'id-token: write', but is only allowed 'id-token: none'",
            ),
            (all, CALLED, "Input must is required"),
            (
                &format!("{all}\n    with: {{must: x, other: y}}"),
                CALLED,
                "Invalid input, other is not defined",
            ),
            (
                &format!("{all}\n    with: {{must: x}}\n    secrets: {{key: y}}"),
                CALLED,
                "Invalid secret, key is not defined",
            ),
            (
                all,
                "on: push\njobs: {a: {steps: []}}",
                "no `workflow_call` trigger",
            ),
            (
                all,
                "on: workflow_call\njobs: {a: {needs: b, steps: []}, b: {needs: a, steps: []}}",
                "needs it in turn",
            ),
        ] {
            let refused = built(caller, called).expect_err(expected);
            assert!(refused.contains(expected), "{refused}");
        }
    }
}
