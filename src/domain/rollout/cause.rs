//! Why a task stopped, and how much that says about the deployment.

use super::events::health_code;
use super::view::{Event, StoppedTask, TaskContainer};

/// How much the end of one task says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// No task of this revision can ever start.
    Fatal,
    /// The same end twice is a loop.
    Twice,
    /// It is a loop when a task that replaced it ends the same way: the first tasks of a deployment start together, and
    /// one bad moment must not condemn it.
    Again,
    /// It says nothing about the revision: scaling, Spot, maintenance, a person.
    Never,
}

/// Why a task stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    pub weight: Weight,
    /// Equal for two tasks that ended the same way.
    pub key: String,
    /// What happened, on one line.
    pub what: String,
    /// What to do about it, in sentences.
    pub remedy: String,
    /// Id of the task.
    pub task: String,
    pub container: Option<String>,
    /// Whether its containers ran at all, so that there may be a log.
    pub ran: bool,
    pub exit_code: Option<i32>,
    /// What the health check answered, `503` or `Request timed out`.
    pub health: Option<String>,
}

/// Longest text of AWS that is repeated.
const LONGEST: usize = 400;

/// Text that speaks of a passing fault of a network or a registry.
const PASSING: [&str; 22] = [
    "i/o timeout",
    "timed out",
    "timeout",
    "deadline exceeded",
    "connection reset",
    "connection refused",
    "connection issue",
    "toomanyrequests",
    "too many requests",
    "service unavailable",
    "internal server error",
    "context canceled",
    "bad gateway",
    "gateway time-out",
    "temporarily unavailable",
    "unexpected eof",
    ": eof",
    "no such host",
    "name resolution",
    "throttling",
    "rate exceeded",
    "internalfailure",
];

/// Classifies the end of a task. `events` are the service's, for the code that a health check answered.
///
/// Texts: "Stopped tasks error messages" in the Amazon ECS developer guide, November 2026, and public captures.
pub fn classify(task: &StoppedTask, events: &[Event]) -> Cause {
    let container = failing(task);
    let said = container.and_then(|container| container.reason.as_deref());
    let text = match said {
        Some(said) if !task.reason.contains(said) => format!("{}: {said}", task.reason),
        _ => task.reason.clone(),
    };
    let exit = container.and_then(|container| container.exit_code);
    let told = Told {
        text: one_line(&text),
        lower: text.to_lowercase(),
        exit,
        image: container.map_or("", |container| container.image.as_str()),
        name: container.map_or("", |container| container.name.as_str()),
    };
    let (weight, key, what, remedy) = weigh(task, &told, events);
    Cause {
        weight,
        key,
        what,
        remedy,
        task: task.id.clone(),
        container: container.map(|container| container.name.clone()),
        ran: task.stop_code != "TaskFailedToStart",
        exit_code: exit,
        health: health_code(events, &task.id),
    }
}

/// The container that ended the task: one with a reason of its own, else one that failed, else the first that exited.
fn failing(task: &StoppedTask) -> Option<&TaskContainer> {
    let exited = |wanted: fn(i32) -> bool| {
        task.containers
            .iter()
            .find(|container| container.exit_code.is_some_and(wanted))
    };
    task.containers
        .iter()
        .find(|container| container.reason.is_some())
        // A neighbour that ECS stopped leaves with 137 or 143.
        .or_else(|| exited(|code| ![0, 137, 143].contains(&code)))
        .or_else(|| exited(|code| code != 0))
        .or_else(|| exited(|_| true))
        .or_else(|| task.containers.first())
}

/// What AWS told of the end.
struct Told<'a> {
    text: String,
    lower: String,
    exit: Option<i32>,
    image: &'a str,
    name: &'a str,
}

impl Told<'_> {
    fn says(&self, word: &str) -> bool {
        self.lower.contains(word)
    }

    fn passing(&self) -> bool {
        PASSING.iter().any(|word| self.says(word))
    }
}

type Weighed = (Weight, String, String, String);

fn weigh(task: &StoppedTask, told: &Told<'_>, events: &[Event]) -> Weighed {
    let weighed = |weight, key: &str, what: &str, remedy: &str| {
        (weight, key.to_owned(), what.to_owned(), remedy.to_owned())
    };
    let foreign = [
        "SpotInterruption",
        "TerminationNotice",
        "UserInitiated",
        "InfrastructureHealth",
    ];
    if foreign.contains(&task.stop_code.as_str()) || told.says("scaling activity initiated by") {
        return weighed(Weight::Never, &task.stop_code, &told.text, "");
    }
    if let Some(weighed) = health(task, told, events) {
        return weighed;
    }
    let wrong_machine = told.says("exec format error")
        || told.says("descriptor matching platform")
        || told.says("no matching manifest")
        || task
            .log
            .iter()
            .any(|line| line.contains("exec format error"));
    if wrong_machine {
        return weighed(
            Weight::Fatal,
            "architecture",
            &format!(
                "the image is not built for the task's CPU architecture: {}",
                told.text
            ),
            "Build the image for the architecture of the task definition (runtimePlatform.cpuArchitecture), or change that.",
        );
    }
    if told.says("capacity is unavailable") {
        return weighed(Weight::Never, "capacity", &told.text, "");
    }
    if told.says("cannotpullcontainer") {
        return pull(told);
    }
    if told.says("resourceinitialization") {
        return resource(told);
    }
    if told.says("cannotstartcontainer") || told.says("cannotcreatecontainer") {
        let weight = if told.passing() {
            Weight::Again
        } else {
            Weight::Fatal
        };
        return weighed(
            weight,
            "start",
            &told.text,
            "Correct the command, entry point or volumes of the container in the task definition.",
        );
    }
    if told.says("network interface provisioning") {
        return weighed(
            Weight::Again,
            "network",
            &told.text,
            "Check for free addresses in the subnets and the account's limit of network interfaces.",
        );
    }
    if let Some(code) = told.exit {
        return exited(told, code);
    }
    match task.stop_code.as_str() {
        "TaskFailedToStart" => weighed(Weight::Twice, "start failed", &told.text, ""),
        "EssentialContainerExited" => weighed(Weight::Twice, "exited", &told.text, ""),
        other => weighed(Weight::Never, other, &told.text, ""),
    }
}

/// A task that ECS replaced since a health check failed.
fn health(task: &StoppedTask, told: &Told<'_>, events: &[Event]) -> Option<Weighed> {
    if told.says("failed elb health checks") {
        let code = health_code(events, &task.id);
        let what = match &code {
            Some(code) => format!("the load balancer found the task unhealthy ({code})"),
            None => "the load balancer found the task unhealthy".to_owned(),
        };
        return Some((
            Weight::Again,
            "elb health".to_owned(),
            what,
            "Check the health check's path and port, and that healthCheckGracePeriodSeconds is longer than the start."
                .to_owned(),
        ));
    }
    if told.says("failed container health checks") {
        return Some((
            Weight::Again,
            "container health".to_owned(),
            "the container's own health check failed".to_owned(),
            "Check the healthCheck command and that its startPeriod is longer than the start."
                .to_owned(),
        ));
    }
    None
}

fn pull(told: &Told<'_>) -> Weighed {
    if told.passing() {
        return (
            Weight::Again,
            "pull interrupted".to_owned(),
            told.text.clone(),
            "Check the way from the task's subnets to the registry: NAT or VPC endpoints, security groups."
                .to_owned(),
        );
    }
    let image = if told.image.is_empty() {
        "the image".to_owned()
    } else {
        told.image.to_owned()
    };
    let refused = ["denied", "forbidden", "not authorized", "unauthorized"]
        .iter()
        .any(|word| told.says(word));
    let remedy = if refused {
        format!(
            "The {} needs ecr:GetAuthorizationToken, ecr:BatchGetImage and ecr:GetDownloadUrlForLayer for {image}.",
            role(&told.text)
        )
    } else {
        format!("See that {image} exists in its registry: push it, or correct the tag.")
    };
    (Weight::Fatal, "pull".to_owned(), told.text.clone(), remedy)
}

fn resource(told: &Told<'_>) -> Weighed {
    if told.passing() {
        return (
            Weight::Again,
            "resources interrupted".to_owned(),
            told.text.clone(),
            "Check the way from the task's subnets to Secrets Manager, Systems Manager and CloudWatch Logs.".to_owned(),
        );
    }
    let remedy = if told.says("log group") || told.says("log stream") {
        "Create the log group, or let the execution role write to it.".to_owned()
    } else {
        let secret = word_starting(&told.text, "arn:aws").unwrap_or("the secret");
        let denied = told.says("accessdenied") || told.says("not authorized");
        if denied {
            format!("The {} may not read {secret}: allow it.", role(&told.text))
        } else {
            format!(
                "See that {secret} exists and that the {} may read it.",
                role(&told.text)
            )
        }
    };
    (
        Weight::Fatal,
        "resources".to_owned(),
        told.text.clone(),
        remedy,
    )
}

fn exited(told: &Told<'_>, code: i32) -> Weighed {
    let name = told.name;
    if told.says("outofmemory") {
        return (
            Weight::Twice,
            format!("{name}: out of memory"),
            format!("container {name} ran out of memory and was killed (exit code {code})"),
            "Give the task or the container more memory, or the JVM a smaller share of it."
                .to_owned(),
        );
    }
    let meaning = match code {
        126 => " (the command cannot be executed)",
        127 => " (the command was not found)",
        134 => " (SIGABRT)",
        137 => " (SIGKILL)",
        139 => " (SIGSEGV)",
        143 => " (SIGTERM)",
        _ => "",
    };
    let remedy = match code {
        255 => {
            "If its log is empty, compare the image's CPU architecture with the task definition's."
        }
        _ => "",
    };
    (
        Weight::Twice,
        format!("{name}: exit {code}"),
        format!("container {name} exited with code {code}{meaning}"),
        remedy.to_owned(),
    )
}

/// The role that AWS names in a refusal.
fn role(text: &str) -> String {
    text.split_once("assumed-role/")
        .and_then(|(_, rest)| rest.split('/').next())
        .filter(|name| !name.is_empty())
        .map_or_else(
            || "task's execution role".to_owned(),
            |name| format!("execution role {name}"),
        )
}

/// The last word that starts with `prefix` and is no caller: in a refusal the resource stands behind the caller.
fn word_starting<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    text.split([' ', '"', '\'', '(', ')', ','])
        .map(|word| word.trim_end_matches(['.', ':', ';']))
        .rfind(|word| word.starts_with(prefix) && !word.contains(":sts:"))
}

/// One line, no longer than is worth reading.
pub(super) fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests;
