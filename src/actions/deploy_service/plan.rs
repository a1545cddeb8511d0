//! What is asked, checked as far as it can be without a network. Pure.

use std::time::Duration;

use super::args::{Args, Operation, Reaction, Until};
use crate::domain::ecs_names::{Names, is_name};
use crate::domain::image_reference::check_image;
use crate::domain::rollout::{self, DeploymentId, Pin, Policy, Service};
use crate::domain::task_definition::TaskDefinition;
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
#[derive(Clone, Debug)]
pub(super) enum Definition {
    Registered(String),
    /// The content of a file.
    File(Box<TaskDefinition>),
}

/// Checks the inputs against each other and against the region; `read` reads a file.
pub(super) fn request(
    args: &Args,
    region: &str,
    read: impl Fn(&str) -> std::io::Result<String>,
) -> Result<Request> {
    let mut names = Names::of(&args.cluster, &args.service, region)?;
    only_for(args)?;
    if let Some(image) = &args.image {
        check_image("image", image)?;
    }
    let definition = match &args.task_definition {
        Some(text) if args.operation == Operation::Deploy && text.ends_with(".json") => {
            let content = read(text)
                .map_err(|error| Error::unread(format!("`task-definition` {text}"), error))?;
            let definition = TaskDefinition::from_file(&content, text)?;
            Some(Definition::File(Box::new(definition)))
        }
        Some(text) => {
            check_definition(text, region, &mut names)?;
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
        (Some(id), None) => deployment(id, region, &mut names)?,
        (None, Some(Definition::Registered(name))) => Pin::TaskDefinition(name.clone()),
        (None, _) => Pin::Newest,
    };
    Ok(Request {
        operation: args.operation,
        region: region.to_owned(),
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
        cluster: names.cluster,
        service: names.service,
        account: names.account,
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

fn check_definition(text: &str, region: &str, names: &mut Names) -> Result<()> {
    let name = if text.starts_with("arn:") {
        names.arn("task-definition", text, "task-definition", region)?
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

fn deployment(text: &str, region: &str, names: &mut Names) -> Result<Pin> {
    if let Some(id) = DeploymentId::parse(text) {
        return Ok(Pin::Deployment(id));
    }
    if text.starts_with("arn:") {
        let resource = names.arn("deployment-id", text, "service-deployment", region)?;
        let cluster = names.cluster.rsplit('/').next().unwrap_or("");
        let mut parts = resource.split('/');
        let (in_cluster, of) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        if in_cluster != cluster {
            return Err(Error::usage(format!(
                "`deployment-id` is a deployment in the cluster {in_cluster}, but `cluster` is {cluster}"
            ))
            .hint("Correct one of them."));
        }
        if of != names.service {
            return Err(Error::usage(format!(
                "`deployment-id` is a deployment of {of}, but `service` is {}",
                names.service
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
