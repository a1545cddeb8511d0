//! The policies of GitHub's jobs against what the binaries asked of the stand-ins while the whole suite ran. Every
//! call must be allowed by the policy of its job, and every action that is granted to the binaries must be used.
//!
//! The names of a test (region, cluster, repository, bucket) are replaced by those of the example for which
//! `terraform/tests/policies` has the policies.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use keycloak_ecs_actions::actions::catalogue;
use serde_json::Value;
use world::iam::{Context, policy_allows};

use crate::contract::terraform::granted;
use crate::support::repository;

/// A kind of job: its policy, the tests whose binaries run in it, and the policy documents of the module that are for
/// the binaries alone.
struct Job {
    policy: &'static str,
    tests: &'static [&'static str],
    documents: &'static [&'static str],
}

const JOBS: [Job; 2] = [
    Job {
        policy: "build",
        tests: &["build_image", "bump_tag"],
        documents: &["build"],
    },
    Job {
        policy: "deploy-production",
        tests: &["deploy_service", "check_cluster"],
        documents: &["deploy_watch"],
    },
];

/// Tests of what no shipped workflow does: `operation: deploy` with an image is for services that Terraform does not own,
/// whose jobs have roles of their own (README of `deploy-service`). That no shipped workflow does it, `workflows.rs` checks.
const OF_NO_JOB: &str = "deploy_service::images::";

/// What binaries ask and no job is granted: they go on without.
const REFUSED: [(&str, &str); 3] = [
    (
        "ecs:ListClusters",
        "suggests names when the cluster is not there",
    ),
    (
        "ecs:ListServices",
        "suggests names when the service is not there",
    ),
    (
        "s3:ListAllMyBuckets",
        "suggests names when the bucket is not there",
    ),
];

/// Roles that are no job's: an administrator, with whose rights a test acts beside the binary, and the modelled nodes.
const OTHERS: [&str; 2] = ["admin", "keycloak-task"];

/// One question to IAM.
struct Asked {
    test: String,
    action: String,
    resource: String,
    context: Context,
}

fn recorded(folder: &Path) -> Vec<Asked> {
    let files = std::fs::read_dir(folder.join("iam"))
        .unwrap_or_else(|error| panic!("nothing is recorded in {}: {error}", folder.display()));
    let mut all = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for line in text.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            let text = |name: &str| line[name].as_str().unwrap().to_owned();
            if OTHERS.contains(&text("role").as_str()) {
                continue;
            }
            all.push(Asked {
                test: text("test"),
                action: text("action"),
                resource: text("resource"),
                context: serde_json::from_value(line["context"].clone()).unwrap(),
            });
        }
    }
    all
}

/// The ARN with the example's names.
fn example(arn: &str) -> String {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let [_, _, service, _, _, rest] = parts[..] else {
        return arn.to_owned();
    };
    if service == "s3" {
        return match rest.split_once('/') {
            Some((_, key)) => format!(
                "arn:aws:s3:::keycloak-s3-ping-1/keycloak/{}",
                key.split_once('/').map_or(key, |(_, object)| object)
            ),
            None => "arn:aws:s3:::keycloak-s3-ping-1".to_owned(),
        };
    }
    let (kind, name) = rest.split_once(['/', ':']).unwrap_or((rest, ""));
    let last = name.rsplit('/').next().unwrap_or_default();
    let rest = match (service, kind) {
        ("ecs", "cluster") => "cluster/keycloak".to_owned(),
        ("ecs", "service") => "service/keycloak/keycloak".to_owned(),
        ("ecs", "service-deployment" | "service-revision") => {
            format!("{kind}/keycloak/keycloak/{last}")
        }
        ("ecs", "task") => format!("task/keycloak/{last}"),
        ("ecs", "task-definition") => {
            format!(
                "task-definition/keycloak:{}",
                name.rsplit(':').next().unwrap()
            )
        }
        ("ecr", "repository") => "repository/keycloak".to_owned(),
        ("logs", "log-group") => format!(
            "log-group:/ecs/keycloak:{}",
            name.split_once(':').map_or("", |(_, stream)| stream)
        ),
        ("iam", "role") => "role/keycloak-task-1".to_owned(),
        _ => rest.to_owned(),
    };
    let region = if service == "iam" { "" } else { "eu-west-1" };
    format!("arn:aws:{service}:{region}:123456789012:{rest}")
}

fn policy(name: &str) -> Value {
    let path = repository().join(format!("terraform/tests/policies/{name}.json"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
#[ignore = "reads what the whole suite asked of IAM: make test"]
fn the_policy_of_each_job_is_what_its_binaries_need() {
    let folder = std::env::var_os("WORLD_RECORD_DIR").expect("WORLD_RECORD_DIR names the record");
    let recorded = recorded(Path::new(&folder));
    let mut faults = Vec::new();
    let mut table = String::new();
    let there: Vec<String> = catalogue()
        .iter()
        .map(|spec| spec.name.replace('-', "_"))
        .collect();
    for job in JOBS {
        // What an action that is not there yet would use is not known.
        if !job
            .tests
            .iter()
            .all(|tests| there.iter().any(|name| name == tests))
        {
            continue;
        }
        let policy = policy(job.policy);
        let mut used: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for tests in job.tests {
            let asked: Vec<&Asked> = recorded
                .iter()
                .filter(|asked| asked.test.split("::").next() == Some(tests))
                .filter(|asked| !asked.test.starts_with(OF_NO_JOB))
                .collect();
            if asked.is_empty() {
                faults.push(format!("{tests}: none of its tests is in the record"));
            }
            for asked in asked {
                let context = asked
                    .context
                    .iter()
                    .map(|(key, value)| (key.clone(), example(value)))
                    .collect();
                let resource = example(&asked.resource);
                if REFUSED.iter().any(|(action, _)| *action == asked.action) {
                    continue;
                }
                if policy_allows(&policy, None, &asked.action, &resource, &context) != Some(true) {
                    faults.push(format!(
                        "{}: {tests} may not do {} on {resource} (in {})",
                        job.policy, asked.action, asked.test
                    ));
                }
                used.entry(&asked.action).or_default().insert(tests);
            }
        }
        let granted: BTreeSet<String> = job
            .documents
            .iter()
            .flat_map(|name| granted(name))
            .collect();
        writeln!(table, "\n{}", job.policy).unwrap();
        for action in granted {
            let by = used.get(action.as_str()).cloned().unwrap_or_default();
            writeln!(
                table,
                "  {action:38} {}",
                by.iter().copied().collect::<Vec<_>>().join(", ")
            )
            .unwrap();
            if by.is_empty() {
                faults.push(format!(
                    "{}: {action} is granted, and no test used it",
                    job.policy
                ));
            }
        }
    }
    // Not captured: this table is what a review reads.
    std::io::stdout().write_all(table.as_bytes()).unwrap();
    faults.sort();
    faults.dedup();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
