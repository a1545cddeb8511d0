//! What is asked, checked as far as it can be without a network. Pure.

use std::time::Duration;

use super::args::{Args, Operation, Reaction, Until};
use crate::domain::rollout::{self, DeploymentId, Pin, Policy, Service};
use crate::error::{Error, Result};

/// A checked request.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) operation: Operation,
    /// Name or ARN.
    pub(super) cluster: String,
    /// Name.
    pub(super) service: String,
    pub(super) region: String,
    /// Account of the ARNs among the inputs.
    pub(super) account: Option<String>,
    pub(super) pin: Pin,
    pub(super) definition: Option<Definition>,
    pub(super) image: Option<String>,
    pub(super) container: Option<String>,
    pub(super) policy: Policy,
    pub(super) on_failure: Reaction,
    pub(super) on_cancel: Reaction,
}

/// The task definition that `deploy` starts from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Definition {
    Registered(String),
    File(String),
}

/// Checks the inputs against each other and against the region.
pub(super) fn request(args: &Args, region: &str) -> Result<Request> {
    let mut account = None;
    let cluster = cluster(args, region, &mut account)?;
    let service = service(args, region, &cluster, &mut account)?;
    only_for(args)?;
    let definition = match &args.task_definition {
        Some(text) if args.operation == Operation::Deploy && text.ends_with(".json") => {
            Some(Definition::File(text.clone()))
        }
        Some(text) => {
            check_definition(text, region, &mut account)?;
            Some(Definition::Registered(text.clone()))
        }
        None => None,
    };
    let pin = match (&args.deployment_id, &definition) {
        (Some(_), Some(_)) => {
            return Err(
                Error::usage("`deployment-id` and `task-definition` are both given")
                    .hint("Name one of them: each leads to one deployment."),
            );
        }
        (Some(id), None) => deployment(id, region, &service, &mut account)?,
        (None, Some(Definition::Registered(name))) => Pin::TaskDefinition(name.clone()),
        (None, _) => Pin::Newest,
    };
    Ok(Request {
        operation: args.operation,
        service,
        region: region.to_owned(),
        account,
        pin,
        definition,
        image: args.image.clone(),
        container: args.container.clone(),
        policy: Policy {
            until: match args.until {
                Until::Deployed => rollout::Until::Deployed,
                Until::Live => rollout::Until::Live,
            },
            fail_fast: args.fail_fast,
            timeout: Duration::from_secs(args.timeout_seconds),
        },
        on_failure: args.on_failure,
        on_cancel: args.on_cancel,
        cluster,
    })
}

/// Inputs that only some operations have a use for.
fn only_for(args: &Args) -> Result<()> {
    use Operation::{Deploy, Rollback, Status, Wait};
    let given = [
        ("image", args.image.is_some(), &[Deploy][..]),
        ("container", args.container.is_some(), &[Deploy][..]),
        (
            "task-definition",
            args.task_definition.is_some(),
            &[Wait, Deploy][..],
        ),
        (
            "deployment-id",
            args.deployment_id.is_some(),
            &[Wait, Rollback, Status][..],
        ),
    ];
    for (input, given, operations) in given {
        if given && !operations.contains(&args.operation) {
            let names: Vec<&str> = operations
                .iter()
                .map(|operation| operation.name())
                .collect();
            return Err(Error::usage(format!(
                "`{input}` means nothing to the operation `{}`",
                args.operation.name()
            ))
            .hint(format!("It is for: {}.", names.join(", "))));
        }
    }
    if args.operation == Deploy && args.image.is_none() && args.task_definition.is_none() {
        return Err(Error::usage("missing: `image` or `task-definition`").hint(
            "The operation `deploy` needs one of them; `restart` starts new tasks of the same revision.",
        ));
    }
    Ok(())
}

/// The resource of `arn:<partition>:ecs:<region>:<account>:<kind>/<resource>`, after its region and account were held against
/// those of the others.
fn arn<'a>(
    input: &str,
    text: &'a str,
    kind: &str,
    region: &str,
    account: &mut Option<String>,
) -> Result<&'a str> {
    let example = format!("arn:aws:ecs:{region}:123456789012:{kind}/…");
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let digits = |text: &str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    let found = match parts[..] {
        ["arn", _, "ecs", place, number, resource] if digits(number) => {
            Some((place, number, resource))
        }
        _ => None,
    };
    let Some((place, number, resource)) = found.filter(|(_, _, resource)| {
        resource
            .strip_prefix(kind)
            .is_some_and(|rest| rest.starts_with('/') && rest.len() > 1)
    }) else {
        return Err(
            Error::usage(format!("`{input}` is {text:?}, not the ARN of a {kind}"))
                .hint(format!("It looks like {example}.")),
        );
    };
    if place != region {
        return Err(Error::usage(format!(
            "`{input}` is in {place}, but the region is {region}: {text}"
        ))
        .hint("Set `aws-region` or AWS_REGION to the region of the service."));
    }
    let known = account.get_or_insert_with(|| number.to_owned());
    if known != number {
        return Err(Error::usage(format!(
            "`{input}` belongs to account {number}, and another input to account {known}: {text}"
        ))
        .hint("Check which environment this job is for."));
    }
    Ok(&resource[kind.len() + 1..])
}

fn is_name(text: &str) -> bool {
    (1..=255).contains(&text.len())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

fn cluster(args: &Args, region: &str, account: &mut Option<String>) -> Result<String> {
    let text = &args.cluster;
    let name = if text.starts_with("arn:") {
        arn("cluster", text, "cluster", region, account)?
    } else {
        text
    };
    named("cluster", text, name)?;
    Ok(text.clone())
}

fn named(input: &str, text: &str, name: &str) -> Result<()> {
    if is_name(name) {
        return Ok(());
    }
    Err(
        Error::usage(format!("`{input}` is {text:?}, neither a name nor an ARN"))
            .hint("A name has letters, digits, hyphens and underscores."),
    )
}

fn last(text: &str) -> &str {
    text.rsplit('/').next().unwrap_or(text)
}

fn service(
    args: &Args,
    region: &str,
    cluster: &str,
    account: &mut Option<String>,
) -> Result<String> {
    let text = &args.service;
    if !text.starts_with("arn:") {
        named("service", text, text)?;
        return Ok(text.clone());
    }
    let resource = arn("service", text, "service", region, account)?;
    // The old form of the ARN has no cluster.
    let name = match resource.split_once('/') {
        Some((of, name)) if of == last(cluster) => name,
        Some((of, _)) => {
            return Err(Error::usage(format!(
                "`service` belongs to the cluster {of}, but `cluster` is {cluster}"
            ))
            .hint("Correct one of them."));
        }
        None => resource,
    };
    named("service", text, name)?;
    Ok(name.to_owned())
}

fn check_definition(text: &str, region: &str, account: &mut Option<String>) -> Result<()> {
    let name = if text.starts_with("arn:") {
        arn("task-definition", text, "task-definition", region, account)?
    } else {
        text
    };
    let whole = name.split_once(':').is_some_and(|(family, revision)| {
        is_name(family)
            && !revision.is_empty()
            && revision.bytes().all(|byte| byte.is_ascii_digit())
    });
    if whole {
        return Ok(());
    }
    Err(Error::usage(format!(
        "`task-definition` is {text:?}, which names no revision of a task definition"
    ))
    .hint("Give its ARN or family:revision, for example keycloak:42; for `deploy`, a file ends in .json."))
}

fn deployment(
    text: &str,
    region: &str,
    service: &str,
    account: &mut Option<String>,
) -> Result<Pin> {
    if let Some(id) = DeploymentId::parse(text) {
        return Ok(Pin::Deployment(id));
    }
    if text.starts_with("arn:") {
        let resource = arn("deployment-id", text, "service-deployment", region, account)?;
        let of = resource.split('/').nth(1).unwrap_or("");
        if of != service {
            return Err(Error::usage(format!(
                "`deployment-id` is a deployment of {of}, but `service` is {service}"
            ))
            .hint("Correct one of them."));
        }
        return Ok(Pin::ServiceDeployment(text.to_owned()));
    }
    Err(Error::usage(format!(
        "`deployment-id` is {text:?}, not the id of a deployment"
    ))
    .hint("It looks like ecs-svc/1234567890123456789."))
}

/// Why this action leaves a service alone, if it does.
pub(super) fn unsuitable(service: &Service, request: &Request) -> Result<()> {
    let refuse = |what: String, hint: &str| Err(Error::usage(what).hint(hint));
    let name = &service.name;
    if service.controller != "ECS" {
        return refuse(
            format!(
                "{name} has the deployment controller {}; this action knows the controller ECS only",
                service.controller
            ),
            "Native blue/green, linear and canary deployments work with the controller ECS.",
        );
    }
    if service.scheduling == "DAEMON" {
        return refuse(
            format!("{name} has the scheduling strategy DAEMON, which has no desired count"),
            "This action is for services with the strategy REPLICA.",
        );
    }
    if service.status != "ACTIVE" {
        return refuse(
            format!("{name} is {}: it is being deleted", service.status),
            "Create the service again first.",
        );
    }
    let account = service.arn.split(':').nth(4).unwrap_or("");
    if let Some(given) = &request.account
        && given != account
    {
        return refuse(
            format!(
                "the credentials are for account {account}, but the inputs name account {given}"
            ),
            "Check which environment this job is for.",
        );
    }
    Ok(())
}

/// Up to three names that resemble `wanted`, or the first ones where none does.
pub(super) fn near(wanted: &str, names: &[String]) -> Vec<String> {
    let mut ranked: Vec<(usize, &String)> = names
        .iter()
        .map(|name| (distance(&wanted.to_lowercase(), &name.to_lowercase()), name))
        .collect();
    ranked.sort();
    let close = wanted.len() / 2;
    let some = ranked
        .iter()
        .take(3)
        .filter(|(distance, _)| *distance <= close);
    let near: Vec<String> = some.map(|(_, name)| (*name).clone()).collect();
    if near.is_empty() {
        ranked
            .iter()
            .take(3)
            .map(|(_, name)| (*name).clone())
            .collect()
    } else {
        near
    }
}

/// The number of letters to insert, delete or change.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut corner = row[0];
        row[0] = at + 1;
        for (column, candidate) in other.iter().enumerate() {
            let change = corner + usize::from(letter != *candidate);
            corner = row[column + 1];
            row[column + 1] = change.min(corner + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}
