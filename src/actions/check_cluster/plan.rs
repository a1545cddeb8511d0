//! What to look at, and what a finding means for the caller. Pure.

use super::args::{Args, Discovery};
use crate::domain::cluster::{Finding, Verdict};
use crate::domain::ecs_names::Names;
use crate::domain::task_definition::{Container, LogPlace, TaskDefinition};
use crate::error::{Error, Kind, Result};

/// Variables of `S3_PING`. Source: jgroups-aws 4.0.0.
const BUCKET: &str = "JGROUPS_AWS_S3_BUCKET_NAME";
const PREFIX: &str = "JGROUPS_AWS_S3_BUCKET_PREFIX";
const REGION: &str = "JGROUPS_AWS_S3_REGION_NAME";

/// Checks everything that can be checked without a network; the cluster and the service.
pub(super) fn check(args: &Args, region: &str) -> Result<Names> {
    if args.cluster_name.contains('/') {
        return Err(Error::usage(format!(
            "`cluster-name` is {:?}: it is one folder, ISPN by default",
            args.cluster_name
        ))
        .hint("What stands before it in the bucket is `prefix`."));
    }
    if args.discovery == Discovery::JdbcPing {
        let given = [("bucket", &args.bucket), ("prefix", &args.prefix)];
        if let Some((name, _)) = given.iter().find(|(_, value)| value.is_some()) {
            return Err(Error::usage(format!(
                "`{name}` is given, but with `discovery` jdbc-ping there is no list of peers in a bucket"
            ))
            .hint(format!("Leave out `{name}`, or set `discovery` to s3-ping.")));
        }
    }
    if let Some(bucket) = &args.bucket {
        let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
        if !(3..=63).contains(&bucket.len()) || !bucket.chars().all(legal) {
            return Err(
                Error::usage(format!("`bucket` is {bucket:?}, not the name of a bucket"))
                    .hint("Give the name alone, without s3:// and without a folder."),
            );
        }
    }
    Names::of(&args.cluster, &args.service, region)
}

/// Where the nodes keep the list of peers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) bucket: String,
    pub(super) prefix: Option<String>,
    /// Region of the bucket, if the nodes name one.
    pub(super) region: Option<String>,
}

/// The place: what the inputs say, else what the task definition says; both must agree.
pub(super) fn place(args: &Args, definition: Option<&TaskDefinition>) -> Result<Place> {
    let container = definition.and_then(node);
    let variable = |name: &str| {
        let value = container.and_then(|container| container.variable(name));
        value.map(str::to_owned)
    };
    let bucket = agree("bucket", args.bucket.as_deref(), BUCKET, variable(BUCKET))?;
    let bucket = bucket.ok_or_else(|| {
        let why = match definition {
            Some(definition) => format!("{} sets no {BUCKET}", definition.family()),
            None => "the task definition could not be read".to_owned(),
        };
        Error::usage(format!("missing: `bucket`, and {why}")).hint(
            "Give the bucket of the list of peers; with Keycloak's default discovery, set `discovery` to jdbc-ping.",
        )
    })?;
    let trim = |prefix: String| prefix.trim_end_matches('/').to_owned();
    let given = args.prefix.clone().map(trim);
    let prefix = agree(
        "prefix",
        given.as_deref(),
        PREFIX,
        variable(PREFIX).map(trim),
    )?;
    Ok(Place {
        bucket,
        prefix,
        region: variable(REGION),
    })
}

/// The input, else the variable. One that differs from the other would make the check look where no node is.
fn agree(
    input: &str,
    given: Option<&str>,
    name: &str,
    variable: Option<String>,
) -> Result<Option<String>> {
    match (given, variable) {
        (Some(given), Some(variable)) if given != variable => Err(Error::usage(format!(
            "`{input}` is {given:?}, but the tasks of the service have {name}={variable}"
        ))
        .hint(format!(
            "Leave out `{input}`, or check cluster and service."
        ))),
        (Some(given), _) => Ok(Some(given.to_owned())),
        (None, variable) => Ok(variable),
    }
}

/// The container that is the node: the one with a variable of `S3_PING` or of Keycloak, else the first.
fn node(definition: &TaskDefinition) -> Option<&Container> {
    let containers = definition.containers();
    let has = |name: &'static str| move |one: &&Container| one.variable(name).is_some();
    containers
        .iter()
        .find(has(BUCKET))
        .or_else(|| containers.iter().find(has("KC_CACHE_CONFIG_FILE")))
        .or_else(|| containers.iter().find(has("KC_DB_URL")))
        .or_else(|| containers.first())
}

/// Where the nodes' log is: group, region, and the stream's name without the task id; or why it cannot be read.
pub(super) fn log(definition: &TaskDefinition) -> Result<(String, Option<String>, String), String> {
    let container = node(definition).ok_or("the task definition has no container")?;
    match definition.log_place(&container.name) {
        LogPlace::CloudWatch {
            group,
            region,
            prefix: Some(prefix),
        } => Ok((group, region, format!("{prefix}/{}/", container.name))),
        LogPlace::CloudWatch { .. } => Err(format!(
            "the log configuration of the container {} has no awslogs-stream-prefix",
            container.name
        )),
        LogPlace::Elsewhere(driver) => Err(format!(
            "the container {} logs through {driver}, not to CloudWatch Logs",
            container.name
        )),
        LogPlace::Nowhere => Err(format!("the container {} keeps no log", container.name)),
    }
}

/// What a final finding means for the exit code; none if the nodes are one cluster.
pub(super) fn failure(finding: &Finding, subject: &str, waited: u64) -> Option<Error> {
    let kind = match finding.verdict {
        // The nodes are one cluster, and that is what this action is asked for; the list costs a warning.
        Verdict::Whole | Verdict::Stale => return None,
        Verdict::Forming => Kind::TimedOut,
        Verdict::Split | Verdict::Alone => Kind::Verification,
        Verdict::NoEvidence => Kind::Refused,
    };
    let after = if finding.verdict == Verdict::Forming {
        format!(" after {waited} s")
    } else {
        String::new()
    };
    let mut message = format!("{subject}: {}{after}", finding.verdict.meaning());
    for cause in &finding.causes {
        message += &format!("; {cause}");
    }
    Some(Error::new(kind, message).hint(finding.next_steps().join("\n")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::cluster::Cause;
    use clap::{Command, FromArgMatches as _};

    fn args(flags: &[&str]) -> Args {
        let command = <Args as clap::Args>::augment_args(Command::new("check-cluster"));
        let line = ["check-cluster", "--cluster=main", "--service=keycloak"];
        Args::from_arg_matches(&command.get_matches_from(line.iter().chain(flags))).unwrap()
    }

    fn definition(environment: &str) -> TaskDefinition {
        let text = format!(
            r#"{{"taskDefinition": {{"family": "keycloak", "containerDefinitions": [
                {{"name": "sidecar", "image": "s"}},
                {{"name": "keycloak", "image": "k", "environment": [{environment}], "logConfiguration":
                    {{"logDriver": "awslogs", "options": {{"awslogs-group": "/kc", "awslogs-stream-prefix": "kc"}}}}}}
            ]}}}}"#
        );
        TaskDefinition::from_answer(&text).unwrap()
    }

    const ENVIRONMENT: &str = r#"
        {"name": "JGROUPS_AWS_S3_BUCKET_NAME", "value": "peers"},
        {"name": "JGROUPS_AWS_S3_REGION_NAME", "value": "eu-west-1"},
        {"name": "JGROUPS_AWS_S3_BUCKET_PREFIX", "value": "lab/"}"#;

    #[test]
    fn the_task_definition_says_where_the_list_is() {
        let place = |flags: &[&str]| place(&args(flags), Some(&definition(ENVIRONMENT)));
        let wanted = Place {
            bucket: "peers".to_owned(),
            prefix: Some("lab".to_owned()),
            region: Some("eu-west-1".to_owned()),
        };
        assert_eq!(place(&[]).unwrap(), wanted);
        assert_eq!(place(&["--bucket=peers", "--prefix=lab"]).unwrap(), wanted);
        let wrong = place(&["--bucket=other"]).unwrap_err();
        assert!(
            wrong.message().contains("JGROUPS_AWS_S3_BUCKET_NAME=peers"),
            "{wrong}"
        );
        assert!(place(&["--prefix=other"]).is_err());
    }

    #[test]
    fn without_it_the_inputs_do() {
        let found = place(&args(&["--bucket=peers"]), Some(&definition(""))).unwrap();
        assert_eq!((found.bucket.as_str(), found.prefix), ("peers", None));
        assert!(place(&args(&["--bucket=peers"]), None).is_ok());
        for definition in [None, Some(definition(""))] {
            let error = place(&args(&[]), definition.as_ref()).unwrap_err();
            assert_eq!(error.kind(), Kind::Usage);
        }
    }

    #[test]
    fn the_log_is_that_of_the_node() {
        let found = log(&definition(ENVIRONMENT)).unwrap();
        assert_eq!(found, ("/kc".to_owned(), None, "kc/keycloak/".to_owned()));
        assert!(
            log(&definition(""))
                .unwrap_err()
                .contains("sidecar keeps no log")
        );
    }

    #[test]
    fn bad_inputs_are_refused_before_any_call() {
        for flags in [
            &["--cluster-name=a/b"][..],
            &["--bucket=s3://peers"],
            &["--bucket=Peers"],
            &["--discovery=jdbc-ping", "--bucket=peers"],
            &["--discovery=jdbc-ping", "--prefix=lab"],
        ] {
            assert_eq!(
                check(&args(flags), "eu-central-1").unwrap_err().kind(),
                Kind::Usage,
                "{flags:?}"
            );
        }
        assert!(check(&args(&["--bucket=my.peers-1"]), "eu-central-1").is_ok());
    }

    #[test]
    fn each_verdict_has_its_exit_code() {
        for (verdict, code) in [
            (Verdict::Whole, None),
            (Verdict::Stale, None),
            (Verdict::Forming, Some(5)),
            (Verdict::Split, Some(3)),
            (Verdict::Alone, Some(3)),
            (Verdict::NoEvidence, Some(6)),
        ] {
            let finding = Finding {
                verdict,
                causes: vec![Cause::NoList],
                ..Finding::default()
            };
            let failure = failure(&finding, "service keycloak", 300);
            assert_eq!(failure.map(|error| error.kind().exit_code()), code);
        }
    }
}
