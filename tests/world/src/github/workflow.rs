//! Workflow files: what starts them, and what their jobs may do.
//!
//! Source: "Workflow syntax for GitHub Actions" and "Events that trigger workflows", November 2026.

use serde_yaml::Value;

use super::events::Event;
use super::filters;
use super::model::{Access, Permissions};

/// Permissions of a token that GitHub has a name for.
const SCOPES: [&str; 14] = [
    "actions",
    "attestations",
    "checks",
    "contents",
    "deployments",
    "discussions",
    "id-token",
    "issues",
    "models",
    "packages",
    "pages",
    "pull-requests",
    "security-events",
    "statuses",
];

/// One workflow file.
#[derive(Clone, Debug)]
pub struct Workflow {
    /// `.github/workflows/deploy.yml`.
    pub path: String,
    pub document: Value,
}

/// A workflow reads `text`, empty if there is none.
fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A text or a list of texts.
pub fn list(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Sequence(several)) => several
            .iter()
            .filter_map(|one| one.as_str().map(str::to_owned))
            .collect(),
        _ => Vec::new(),
    }
}

impl Workflow {
    pub fn parse(path: &str, source: &str) -> Result<Self, String> {
        let document: Value = serde_yaml::from_str(source)
            .map_err(|error| format!("invalid workflow file: {error}"))?;
        let jobs = document.get("jobs").and_then(Value::as_mapping);
        if document.get("on").is_none() || jobs.is_none_or(|jobs| jobs.is_empty()) {
            return Err("invalid workflow file: it needs `on` and `jobs`".to_owned());
        }
        Ok(Self {
            path: path.to_owned(),
            document,
        })
    }

    /// `name`, by default the path.
    pub fn name(&self) -> &str {
        match text(&self.document, "name") {
            "" => &self.path,
            name => name,
        }
    }

    /// The settings of an event that starts this workflow; null if there are none.
    pub fn trigger(&self, event: &str) -> Option<Value> {
        match self.document.get("on")? {
            Value::Mapping(events) => events.get(event).cloned(),
            other => list(Some(other))
                .iter()
                .any(|name| name == event)
                .then_some(Value::Null),
        }
    }

    /// Identifiers and definitions of the jobs.
    pub fn jobs(&self) -> Vec<(String, &Value)> {
        let jobs = self.document.get("jobs").and_then(Value::as_mapping);
        jobs.into_iter()
            .flatten()
            .filter_map(|(id, job)| Some((id.as_str()?.to_owned(), job)))
            .collect()
    }

    /// Whether the filters of the trigger let the event through; otherwise why not.
    pub fn admits(&self, event: &Event) -> Result<(), String> {
        let trigger = self.trigger(&event.name).unwrap_or_default();
        let filter = |name: &str| trigger.get(name).map(|value| list(Some(value)));
        check_types(event, filter("types"))?;
        let (names, ignored) = match event.tag {
            true => ("tags", "tags-ignore"),
            false => ("branches", "branches-ignore"),
        };
        if let Some(branch) = &event.branch {
            let both = |name: &str| filter(name).or_else(|| filter(&format!("{name}-ignore")));
            let other = if event.tag { "branches" } else { "tags" };
            if both(names).is_none() && both(other).is_some() {
                return Err(format!("it names {other} only, and {branch} is none"));
            }
            if let Some(patterns) = filter(names)
                && !filters::includes(&patterns, branch)
            {
                return Err(format!("{names}: {branch} matches none of {patterns:?}"));
            }
            if let Some(patterns) = filter(ignored)
                && filters::ignores(&patterns, branch)
            {
                return Err(format!("{ignored}: {branch} matches {patterns:?}"));
            }
        }
        if event.tag {
            return Ok(());
        }
        let Some(paths) = &event.paths else {
            return Ok(());
        };
        if let Some(patterns) = filter("paths")
            && !paths.iter().any(|path| filters::includes(&patterns, path))
        {
            return Err(format!("paths: no changed file matches {patterns:?}"));
        }
        if let Some(patterns) = filter("paths-ignore")
            && paths.iter().all(|path| filters::ignores(&patterns, path))
        {
            return Err(format!(
                "paths-ignore: every changed file matches {patterns:?}"
            ));
        }
        Ok(())
    }

    /// The permissions that a job of this workflow asks for; `None` if neither it nor the workflow says.
    pub fn permissions(&self, job: &Value) -> Result<Option<Permissions>, String> {
        match job
            .get("permissions")
            .or_else(|| self.document.get("permissions"))
        {
            None => Ok(None),
            Some(value) => permissions(value).map(Some),
        }
    }
}

fn check_types(event: &Event, types: Option<Vec<String>>) -> Result<(), String> {
    let Some(action) = &event.action else {
        return Ok(());
    };
    let types = match types {
        Some(types) => types,
        None if event.name == "pull_request" => ["opened", "synchronize", "reopened"]
            .map(str::to_owned)
            .to_vec(),
        None => return Ok(()),
    };
    if types.contains(action) {
        return Ok(());
    }
    Err(format!("types: {action} is none of {types:?}"))
}

/// What a `permissions` key grants.
fn permissions(value: &Value) -> Result<Permissions, String> {
    let all = |access| Permissions::of(SCOPES.map(|scope| (scope, access)));
    match value {
        Value::String(all_of) if all_of == "read-all" => {
            let mut granted = all(Access::Read);
            granted.0.remove("id-token");
            Ok(granted)
        }
        Value::String(all_of) if all_of == "write-all" => Ok(all(Access::Write)),
        Value::Mapping(scopes) => {
            let mut granted = Permissions::default();
            for (scope, access) in scopes {
                let scope = scope.as_str().unwrap_or_default();
                if !SCOPES.contains(&scope) {
                    return Err(format!("there is no permission {scope:?}"));
                }
                match access.as_str().unwrap_or_default() {
                    "none" => None,
                    "read" => granted.0.insert(scope.to_owned(), Access::Read),
                    "write" => granted.0.insert(scope.to_owned(), Access::Write),
                    other => return Err(format!("{scope}: {other:?} is no access")),
                };
            }
            Ok(granted)
        }
        _ => Err("`permissions` is a list of permissions, read-all or write-all".to_owned()),
    }
}

/// The default of repositories made since February 2023: reading contents and packages.
pub fn default_permissions() -> Permissions {
    Permissions::of([("contents", Access::Read), ("packages", Access::Read)])
}

/// Fills in and checks the inputs of a `workflow_dispatch`. The texts are GitHub's.
pub fn dispatch_inputs(
    trigger: &Value,
    given: &serde_json::Map<String, serde_json::Value>,
    environments: &[String],
) -> Result<serde_json::Map<String, serde_json::Value>, String> {
    let empty = serde_yaml::Mapping::new();
    let declared = trigger
        .get("inputs")
        .and_then(Value::as_mapping)
        .unwrap_or(&empty);
    let unexpected: Vec<&String> = given
        .keys()
        .filter(|name| !declared.contains_key(name.as_str()))
        .collect();
    if !unexpected.is_empty() {
        return Err(format!("Unexpected inputs provided: {unexpected:?}"));
    }
    let mut inputs = serde_json::Map::new();
    for (name, input) in declared {
        let name = name.as_str().unwrap_or_default();
        let scalar = |value: &Value| match value {
            Value::String(text) => text.clone(),
            Value::Bool(flag) => flag.to_string(),
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        let value = match given.get(name) {
            Some(serde_json::Value::String(text)) => Some(text.clone()),
            Some(serde_json::Value::Null) | None => input.get("default").map(scalar),
            Some(other) => Some(other.to_string()),
        };
        let required = input.get("required").and_then(Value::as_bool) == Some(true);
        let value = match value {
            Some(value) => value,
            None if required => return Err(format!("Required input '{name}' not provided")),
            None if text(input, "type") == "boolean" => "false".to_owned(),
            None => String::new(),
        };
        let allowed = match text(input, "type") {
            "choice" => list(input.get("options")),
            "boolean" => vec!["true".to_owned(), "false".to_owned()],
            "environment" => environments.to_vec(),
            _ => vec![value.clone()],
        };
        if !allowed.contains(&value) {
            return Err(format!(
                "Provided value '{value}' for input '{name}' not in the list of allowed values"
            ));
        }
        inputs.insert(name.to_owned(), value.into());
    }
    Ok(inputs)
}
