//! A task definition as raw JSON: fields that nobody here knows survive byte for byte.
//!
//! Typed round trips lose new fields: `enableFaultInjection` broke every tool with a list of fields in January 2025
//! (aws-actions/amazon-ecs-deploy-task-definition#701, #704).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::{Error, Result};

/// Fields of an answer that a request must not have.
/// Source: `TaskDefinition` against `RegisterTaskDefinition` in the Amazon ECS API reference, November 2026.
const ANSWER_ONLY: [&str; 9] = [
    "compatibilities",
    "deleteRequestedAt",
    "deregisteredAt",
    "registeredAt",
    "registeredBy",
    "requiresAttributes",
    "revision",
    "status",
    "taskDefinitionArn",
];

type Fields = BTreeMap<String, Box<RawValue>>;

/// A task definition.
#[derive(Clone, Debug)]
pub struct TaskDefinition {
    fields: Fields,
    containers: Vec<Fields>,
    known: Known,
}

/// The fields that are read.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Known {
    family: String,
    task_definition_arn: Option<String>,
    status: Option<String>,
    runtime_platform: Option<Platform>,
    container_definitions: Vec<Container>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Platform {
    cpu_architecture: Option<String>,
}

/// A container of a task definition.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Container {
    pub name: String,
    pub image: String,
    /// Seconds between SIGTERM and SIGKILL.
    pub stop_timeout: Option<i64>,
    environment: Vec<Variable>,
    health_check: Option<HealthCheck>,
    log_configuration: Option<LogConfiguration>,
}

impl Container {
    /// The value of a variable of its environment. Values that come from a secret or a file are not known here.
    pub fn variable(&self, name: &str) -> Option<&str> {
        let found = self.environment.iter().find(|pair| pair.name == name)?;
        (!found.value.is_empty()).then_some(found.value.as_str())
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Variable {
    name: String,
    value: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct HealthCheck {
    interval: Option<i64>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct LogConfiguration {
    log_driver: String,
    options: BTreeMap<String, String>,
}

/// Where a container's log goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogPlace {
    /// CloudWatch Logs.
    CloudWatch {
        group: String,
        region: Option<String>,
        /// Without one, the stream has a name of Docker's that nobody knows.
        prefix: Option<String>,
    },
    /// Another log driver, by its name.
    Elsewhere(String),
    Nowhere,
}

impl TaskDefinition {
    /// Reads the answer of `DescribeTaskDefinition`, its tags included.
    pub fn from_answer(body: &str) -> Result<Self> {
        Self::parse(body, "the answer of DescribeTaskDefinition")
    }

    /// Reads a file: what `RegisterTaskDefinition` takes, or what `aws ecs describe-task-definition` printed.
    pub fn from_file(text: &str, path: &str) -> Result<Self> {
        let mut found = Self::parse(text, path).map_err(|error| error.at(path, None))?;
        // What the file says counts, not under which name it was registered before somebody edited it.
        found.known.task_definition_arn = None;
        found.known.status = None;
        Ok(found)
    }

    /// Whether a registered task definition says what this one does; what ECS fills in counts for nothing.
    pub fn says_the_same(&self, registered: &Self) -> bool {
        let value = |one: &Self| serde_json::from_str(&one.request().ok()?).ok();
        match (value(self), value(registered)) {
            (Some(one), Some(other)) => same::same(&one, &other),
            _ => false,
        }
    }

    fn parse(text: &str, whence: &str) -> Result<Self> {
        let broken = |error: serde_json::Error| {
            Error::usage(format!("{whence} is no task definition: {error}"))
                .hint("It is JSON with `family` and `containerDefinitions`.")
        };
        let mut fields: Fields = serde_json::from_str(text).map_err(broken)?;
        if let Some(inner) = fields.remove("taskDefinition") {
            let tags = fields.remove("tags");
            fields = serde_json::from_str(inner.get()).map_err(broken)?;
            // An empty list of tags is refused by RegisterTaskDefinition.
            if let Some(tags) =
                tags.filter(|tags| tags.get().trim_start_matches(['[', ' ', '\n']) != "]")
            {
                fields.insert("tags".to_owned(), tags);
            }
        }
        let whole = serde_json::to_string(&fields).map_err(broken)?;
        let known: Known = serde_json::from_str(&whole).map_err(broken)?;
        let list = fields.get("containerDefinitions").map(|list| list.get());
        let containers: Vec<Fields> = serde_json::from_str(list.unwrap_or("[]")).map_err(broken)?;
        if known.family.is_empty() || containers.is_empty() {
            return Err(Error::usage(format!(
                "{whence} is no task definition: `family` or `containerDefinitions` is missing"
            ))
            .hint("It is JSON with `family` and `containerDefinitions`."));
        }
        Ok(Self {
            fields,
            containers,
            known,
        })
    }

    /// Its ARN, if it is registered.
    pub fn arn(&self) -> Option<&str> {
        self.known.task_definition_arn.as_deref()
    }

    pub fn family(&self) -> &str {
        &self.known.family
    }

    /// Whether it can still be used.
    pub fn active(&self) -> bool {
        self.known.status.as_deref() != Some("INACTIVE")
    }

    pub fn containers(&self) -> &[Container] {
        &self.known.container_definitions
    }

    /// `X86_64` or `ARM64`; Fargate's default is the former.
    pub fn architecture(&self) -> &str {
        self.known
            .runtime_platform
            .as_ref()
            .and_then(|platform| platform.cpu_architecture.as_deref())
            .unwrap_or("X86_64")
    }

    /// The longest `stopTimeout` of its containers, in seconds.
    pub fn stop_timeout(&self) -> Option<i64> {
        self.containers()
            .iter()
            .filter_map(|container| container.stop_timeout)
            .max()
    }

    /// The longest interval of its containers' health checks, in seconds.
    pub fn health_interval(&self) -> Option<i64> {
        self.containers()
            .iter()
            .filter_map(|container| container.health_check.as_ref()?.interval)
            .max()
    }

    /// Where the log of a container goes.
    pub fn log_place(&self, container: &str) -> LogPlace {
        let found = self
            .containers()
            .iter()
            .find(|candidate| candidate.name == container);
        let Some(logs) = found.and_then(|container| container.log_configuration.as_ref()) else {
            return LogPlace::Nowhere;
        };
        let option = |name: &str| logs.options.get(name).cloned();
        match option("awslogs-group") {
            Some(group) if logs.log_driver == "awslogs" => LogPlace::CloudWatch {
                group,
                region: option("awslogs-region"),
                prefix: option("awslogs-stream-prefix"),
            },
            _ => LogPlace::Elsewhere(logs.log_driver.clone()),
        }
    }

    /// The container that an image is for: the one named, else the only one, else the only one with an image of the
    /// same repository.
    pub fn container_for(&self, named: Option<&str>, image: &str) -> Result<&Container> {
        let containers = self.containers();
        let list = || {
            containers
                .iter()
                .map(|container| container.name.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        };
        if let Some(named) = named {
            return containers
                .iter()
                .find(|container| container.name == named)
                .ok_or_else(|| {
                    Error::usage(format!(
                        "`container` is {named:?}, but {} has {}",
                        self.family(),
                        list()
                    ))
                    .hint("Name one of these.")
                });
        }
        if let [only] = containers {
            return Ok(only);
        }
        let repository = repository(image);
        let mut fitting = containers
            .iter()
            .filter(|container| self::repository(&container.image) == repository);
        match (fitting.next(), fitting.next()) {
            (Some(only), None) => Ok(only),
            _ => Err(Error::usage(format!(
                "{} has several containers, and {image} may be for any of them: {}",
                self.family(),
                list()
            ))
            .hint("Name one in `container`.")),
        }
    }

    /// The same task definition with another image in one container.
    pub fn with_image(mut self, container: &str, image: &str) -> Result<Self> {
        let raw = |text: String| {
            RawValue::from_string(text).map_err(|error| Error::bug("made bad JSON").because(error))
        };
        let at = self
            .known
            .container_definitions
            .iter()
            .position(|candidate| candidate.name == container);
        let Some(at) = at else {
            return Err(Error::bug(format!(
                "{container} is not in {}",
                self.family()
            )));
        };
        image.clone_into(&mut self.known.container_definitions[at].image);
        self.containers[at].insert(
            "image".to_owned(),
            raw(serde_json::Value::from(image).to_string())?,
        );
        let list = serde_json::to_string(&self.containers)
            .map_err(|error| Error::bug("made bad JSON").because(error))?;
        self.fields
            .insert("containerDefinitions".to_owned(), raw(list)?);
        Ok(self)
    }

    /// The body of `RegisterTaskDefinition`.
    pub fn request(&self) -> Result<String> {
        let mut fields = self.fields.clone();
        fields.retain(|name, _| !ANSWER_ONLY.contains(&name.as_str()));
        serde_json::to_string(&fields).map_err(|error| Error::bug("made bad JSON").because(error))
    }
}

/// An image's name without tag and digest.
fn repository(image: &str) -> &str {
    let image = image.split('@').next().unwrap_or(image);
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => image,
    }
}

mod same;
#[cfg(test)]
mod tests;
