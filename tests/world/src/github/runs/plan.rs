//! The jobs of a run: those of the workflow, and those of the workflows that it calls.
//!
//! Source: "Reusing workflow configurations", GitHub's documentation, November 2026: a called workflow can keep or
//! reduce the permissions of the job that calls it, never raise them.

use serde_yaml::Value;

use super::model::RunSettings;
use crate::github::model::Permissions;
use crate::github::workflow::{Workflow, default_permissions};

/// Where a workflow file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In the repository that the run belongs to.
    Consumer,
    /// In the product.
    Product,
}

/// One job that has steps.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    pub place: Place,
    /// Path of its workflow file.
    pub path: String,
    pub id: String,
    pub permissions: Permissions,
    /// `environment`, or `environment.name`: a text that may have expressions.
    pub environment: Option<String>,
    /// `owner/name/.github/workflows/x.yml@ref` of the file that holds the job, if it is a called one.
    pub called_as: Option<String>,
}

/// Levels of workflows that call workflows.
const DEPTH: usize = 10;

/// All jobs with steps, or the reason for which GitHub would not start the run.
pub(super) fn plan(workflow: &Workflow, settings: &RunSettings) -> Result<Vec<Planned>, String> {
    let mut planned = Vec::new();
    let caller = Caller {
        place: Place::Consumer,
        granted: None,
        called_as: None,
        depth: 0,
    };
    collect(workflow, &caller, settings, &mut planned)?;
    Ok(planned)
}

struct Caller {
    place: Place,
    /// What the calling job grants; nothing for the workflow that the event started.
    granted: Option<Permissions>,
    called_as: Option<String>,
    depth: usize,
}

fn collect(
    workflow: &Workflow,
    caller: &Caller,
    settings: &RunSettings,
    planned: &mut Vec<Planned>,
) -> Result<(), String> {
    if caller.depth > DEPTH {
        return Err(format!("workflows call each other more than {DEPTH} deep"));
    }
    for (id, job) in workflow.jobs() {
        let asked = workflow.permissions(job)?;
        let permissions = match (&caller.granted, asked) {
            (None, asked) => asked.unwrap_or_else(default_permissions),
            (Some(granted), None) => granted.clone(),
            (Some(granted), Some(asked)) => {
                check(&workflow.path, &id, &asked, granted)?;
                asked
            }
        };
        if let Some(uses) = job.get("uses").and_then(Value::as_str) {
            let (place, path) = target(uses, caller.place, settings)?;
            let called = read(place, &path, workflow, settings)?;
            if called.trigger("workflow_call").is_none() {
                return Err(format!("{uses}: it has no `workflow_call` trigger"));
            }
            let inner = Caller {
                place,
                granted: Some(permissions),
                called_as: Some(uses.to_owned()),
                depth: caller.depth + 1,
            };
            collect(&called, &inner, settings, planned)?;
            continue;
        }
        let environment = job.get("environment");
        let environment = environment
            .and_then(|value| value.get("name").or(Some(value)))
            .and_then(Value::as_str);
        planned.push(Planned {
            place: caller.place,
            path: workflow.path.clone(),
            id,
            permissions,
            environment: environment.map(str::to_owned),
            called_as: caller.called_as.clone(),
        });
    }
    Ok(())
}

fn check(path: &str, job: &str, asked: &Permissions, granted: &Permissions) -> Result<(), String> {
    let word = |access: Option<&crate::github::model::Access>| match access {
        None => "none",
        Some(crate::github::model::Access::Read) => "read",
        Some(crate::github::model::Access::Write) => "write",
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

/// Place and path of a called workflow.
fn target(uses: &str, from: Place, settings: &RunSettings) -> Result<(Place, String), String> {
    if let Some(path) = uses.strip_prefix("./").or_else(|| uses.strip_prefix("$/")) {
        return Ok((from, path.to_owned()));
    }
    let (path, _) = uses
        .split_once('@')
        .ok_or_else(|| format!("{uses}: it names no commit"))?;
    path.strip_prefix(&settings.product_name)
        .and_then(|path| path.strip_prefix('/'))
        .map(|path| (Place::Product, path.to_owned()))
        .ok_or_else(|| format!("{uses}: this stand-in knows the product's workflows only"))
}

/// Reads a called workflow. Those of the consumer are beside the one that calls.
fn read(
    place: Place,
    path: &str,
    beside: &Workflow,
    settings: &RunSettings,
) -> Result<Workflow, String> {
    match place {
        Place::Product => {
            let file = settings.product.join(path);
            let source = std::fs::read_to_string(&file)
                .map_err(|error| format!("{path}: workflow was not found: {error}"))?;
            Workflow::parse(path, &source)
        }
        Place::Consumer => Err(format!(
            "{} calls {path} of its own repository, which this stand-in does not follow",
            beside.path
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::github::model::Access;

    fn product(called: &str) -> (tempfile::TempDir, RunSettings) {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let workflows = folder.path().join(".github/workflows");
        std::fs::create_dir_all(&workflows).expect("a folder");
        std::fs::write(workflows.join("x.yml"), called).expect("a file");
        let settings = RunSettings {
            product: folder.path().to_owned(),
            product_name: "o/p".to_owned(),
            ..RunSettings::default()
        };
        (folder, settings)
    }

    fn caller(permissions: &str) -> Workflow {
        let source = format!(
            "on: push\njobs:\n  call:\n    permissions: {permissions}\n    uses: o/p/.github/workflows/x.yml@abc\n"
        );
        Workflow::parse(".github/workflows/c.yml", &source).expect("a workflow")
    }

    const CALLED: &str = "on: workflow_call\npermissions: {}\njobs:\n  a:\n    environment: production\n    permissions: {id-token: write}\n    steps: []\n  b:\n    steps: []\n";

    #[test]
    fn each_job_of_a_called_workflow_has_its_own_permissions() {
        let (_folder, settings) = product(CALLED);
        let jobs = plan(&caller("{contents: write, id-token: write}"), &settings).expect("a plan");
        assert_eq!(jobs.len(), 2);
        assert!(jobs[0].permissions.allow("id-token", Access::Write));
        assert_eq!(jobs[0].environment.as_deref(), Some("production"));
        assert_eq!(jobs[1].permissions, Permissions::default());
        assert_eq!(jobs[1].place, Place::Product);
    }

    #[test]
    fn a_called_workflow_cannot_raise_permissions() {
        let (_folder, settings) = product(CALLED);
        let refused = plan(&caller("{contents: write}"), &settings).expect_err("a refusal");
        assert!(
            refused.contains("requesting 'id-token: write', but is only allowed 'id-token: none'"),
            "{refused}"
        );
    }
}
