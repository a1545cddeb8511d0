//! What the shipped workflows must keep, and no linter knows.

use std::path::PathBuf;

use keycloak_ecs_actions::action::Spec;
use keycloak_ecs_actions::actions::catalogue;
use keycloak_ecs_actions::runner::inputs;
use serde_yaml::Value;

use crate::support::repository;

fn workflows() -> Vec<(PathBuf, Value)> {
    let mut found = Vec::new();
    for folder in [".github/workflows", "workflows"] {
        for entry in std::fs::read_dir(repository().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "yml") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path, serde_yaml::from_str(&text).unwrap()));
            }
        }
    }
    assert!(found.len() >= 6, "the workflows are there");
    found
}

/// The triggers; YAML 1.1 readers take `on` for a boolean, this one does not.
fn triggers(workflow: &Value) -> Vec<String> {
    match &workflow["on"] {
        Value::String(name) => vec![name.clone()],
        Value::Sequence(names) => names
            .iter()
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect(),
        Value::Mapping(map) => map
            .keys()
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect(),
        _ => Vec::new(),
    }
}

fn jobs(workflow: &Value) -> Vec<(&str, &Value)> {
    let jobs = workflow["jobs"].as_mapping().unwrap();
    jobs.iter()
        .map(|(name, job)| (name.as_str().unwrap(), job))
        .collect()
}

fn steps(workflow: &Value) -> Vec<&Value> {
    jobs(workflow)
        .into_iter()
        .filter_map(|(_, job)| job["steps"].as_sequence())
        .flatten()
        .collect()
}

/// Steps that call an action of ours, with the action.
fn calls<'a>(workflow: &'a Value, catalogue: &'a [Spec]) -> Vec<(&'a Value, &'a Spec)> {
    steps(workflow)
        .into_iter()
        .filter_map(|step| {
            let name = step["uses"].as_str()?.strip_prefix("$/actions/")?;
            let spec = catalogue.iter().find(|spec| spec.name == name)?;
            Some((step, spec))
        })
        .collect()
}

#[test]
fn no_workflow_runs_foreign_code_with_rights() {
    for (path, workflow) in workflows() {
        for trigger in triggers(&workflow) {
            assert!(
                !["pull_request_target", "workflow_run"].contains(&trigger.as_str()),
                "{}: {trigger}",
                path.display()
            );
        }
    }
}

#[test]
fn rights_are_given_job_by_job() {
    for (path, workflow) in workflows() {
        let top = workflow["permissions"].as_mapping();
        assert!(
            top.is_some_and(serde_yaml::Mapping::is_empty),
            "{} starts with `permissions: {{}}`",
            path.display()
        );
        for (name, job) in jobs(&workflow) {
            let reads_only = job["permissions"]
                .as_mapping()
                .is_none_or(|rights| rights.values().all(|right| right.as_str() == Some("read")));
            let pull_request = path.ends_with("pull-request.yml");
            assert!(!pull_request || reads_only, "{}: {name}", path.display());
        }
    }
}

#[test]
fn every_job_with_steps_ends_some_day_and_no_deployment_is_cancelled() {
    for (path, workflow) in workflows() {
        for (name, job) in jobs(&workflow) {
            if job["steps"].is_sequence() {
                assert!(
                    job["timeout-minutes"].is_u64(),
                    "{}: {name} has no timeout",
                    path.display()
                );
            }
            let deploys =
                path.ends_with("deploy.yml") && name == "deploy" && job["steps"].is_sequence();
            if deploys {
                assert_eq!(job["concurrency"]["cancel-in-progress"], Value::Bool(false));
                assert!(!job["environment"].is_null(), "the environment protects it");
            }
        }
    }
}

#[test]
fn a_credential_is_only_there_after_the_jars_were_verified() {
    let (_, release) = workflows()
        .into_iter()
        .find(|(path, _)| path.ends_with(".github/workflows/release.yml"))
        .unwrap();
    let order: Vec<String> = steps(&release)
        .iter()
        .filter_map(|step| {
            step["uses"]
                .as_str()?
                .strip_prefix("$/actions/")
                .map(str::to_owned)
        })
        .collect();
    assert_eq!(
        order,
        [
            "verify-providers",
            "verify-providers",
            "aws-login",
            "bump-tag",
            "build-image",
            "update-tfvar",
            "aws-login",
        ]
    );
}

/// The deploy role is not granted what `operation: deploy` asks for (`policies.rs`, `OF_NO_JOB`).
#[test]
fn no_shipped_job_deploys_an_image_beside_terraform() {
    let catalogue = catalogue();
    for (path, workflow) in workflows() {
        let operations: Vec<&str> = calls(&workflow, &catalogue)
            .into_iter()
            .filter(|(_, spec)| spec.name == "deploy-service")
            .map(|(step, _)| step["with"]["operation"].as_str().unwrap_or("wait"))
            .collect();
        let known = ["wait", "restart", "status", "rollback"];
        assert!(
            operations.iter().all(|name| known.contains(name)),
            "{}: {operations:?}",
            path.display()
        );
    }
}

#[test]
fn workflows_use_inputs_outputs_and_operations_that_are_there() {
    let catalogue = catalogue();
    for (path, workflow) in workflows() {
        let text = std::fs::read_to_string(&path).unwrap();
        for (step, spec) in calls(&workflow, &catalogue) {
            let names = inputs::names(&spec.command);
            for (input, value) in step["with"].as_mapping().into_iter().flatten() {
                let input = input.as_str().unwrap();
                assert!(
                    names.iter().any(|name| name == input),
                    "{}: {} has no input {input}",
                    path.display(),
                    spec.name
                );
                let argument = spec
                    .command
                    .get_arguments()
                    .find(|argument| argument.get_long() == Some(input))
                    .unwrap();
                let allowed = argument.get_possible_values();
                let literal = value.as_str().filter(|value| !value.contains("${{"));
                if let (false, Some(literal)) = (allowed.is_empty(), literal) {
                    assert!(
                        allowed.iter().any(|value| value.get_name() == literal),
                        "{}: {} has no {input} {literal}",
                        path.display(),
                        spec.name
                    );
                }
            }
            let Some(id) = step["id"].as_str() else {
                continue;
            };
            let mark = format!("steps.{id}.outputs.");
            for (at, _) in text.match_indices(&mark) {
                let rest = &text[at + mark.len()..];
                let end = rest
                    .find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_')
                    .unwrap_or(rest.len());
                assert!(
                    spec.outputs
                        .iter()
                        .any(|output| output.name == &rest[..end]),
                    "{}: {} has no output {}",
                    path.display(),
                    spec.name,
                    &rest[..end]
                );
            }
        }
    }
}
