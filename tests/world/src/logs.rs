//! CloudWatch Logs: groups, streams, events; `Logs_20140328`, JSON 1.1.
//!
//! From documentation (Amazon CloudWatch Logs API reference, November 2026): operations, limits, errors, tokens
//! (`f/…` and `b/…`; the same token comes back at the end of a stream).

mod pattern;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use serde_json::{Value, json};

use crate::World;
use crate::aws::ApiError;
use crate::iam::Principal;
use pattern::Pattern;

type Answer = Result<Value, ApiError>;

#[derive(Clone, Debug)]
struct Event {
    /// Simulated milliseconds since the Unix epoch.
    at: i64,
    message: String,
}

type Streams = BTreeMap<String, Vec<Event>>;

/// The account's log groups.
pub struct Logs {
    world: Weak<World>,
    groups: Mutex<BTreeMap<String, Streams>>,
}

impl Logs {
    pub fn new(world: Weak<World>) -> Self {
        Self {
            world,
            groups: Mutex::default(),
        }
    }

    fn groups(&self) -> MutexGuard<'_, BTreeMap<String, Streams>> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds lines to a stream now; makes group and stream where they are not there.
    pub fn put<Line: AsRef<str>>(
        &self,
        group: &str,
        stream: &str,
        lines: impl IntoIterator<Item = Line>,
    ) {
        let now = self.world.upgrade().map_or(0.0, |world| world.clock.unix());
        let lines: Vec<String> = lines
            .into_iter()
            .map(|line| line.as_ref().to_owned())
            .collect();
        self.put_at(group, stream, now, &lines);
    }

    /// Adds lines with a time in simulated seconds since the Unix epoch.
    pub fn put_at(&self, group: &str, stream: &str, at: f64, lines: &[String]) {
        let mut groups = self.groups();
        let streams = groups.entry(group.to_owned()).or_default();
        let events = streams.entry(stream.to_owned()).or_default();
        for line in lines {
            events.push(Event {
                at: milliseconds(at),
                message: line.clone(),
            });
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "milliseconds of this century"
)]
fn milliseconds(seconds: f64) -> i64 {
    (seconds * 1000.0).round() as i64
}

pub fn handle(world: &Arc<World>, operation: &str, input: &Value, caller: &Principal) -> Answer {
    // Containers write what is due by now.
    world.ecs.inspect(|_| ());
    let text = |field: &str| input[field].as_str().unwrap_or_default();
    let group = match input["logGroupIdentifier"].as_str() {
        Some(identifier) => identifier
            .split(":log-group:")
            .last()
            .unwrap_or(identifier)
            .trim_end_matches(":*")
            .to_owned(),
        None => text("logGroupName").to_owned(),
    };
    let stream = text("logStreamName");
    let settings = &world.settings;
    let resource = format!(
        "arn:aws:logs:{}:{}:log-group:{group}:log-stream:{stream}",
        settings.region, settings.account
    );
    let action = format!("logs:{operation}");
    if !world.iam.allows(caller, &action, &resource, None) {
        let message = format!(
            "User: {} is not authorized to perform: {action} on resource: {resource} because no identity-based policy \
             allows the {action} action",
            caller.arn
        );
        return Err(ApiError::new(400, "AccessDeniedException", message));
    }
    let mut groups = world.logs.groups();
    match operation {
        "CreateLogGroup" => create_group(&mut groups, &group),
        "DescribeLogGroups" => Ok(describe_groups(world, &groups, input)),
        _ => {
            let missing = |what: &str| {
                let message = format!("The specified log {what} does not exist.");
                ApiError::new(400, "ResourceNotFoundException", message)
            };
            let streams = groups.get_mut(&group).ok_or_else(|| missing("group"))?;
            match operation {
                "CreateLogStream" => create_stream(streams, stream),
                "PutLogEvents" => {
                    let events = streams.get_mut(stream).ok_or_else(|| missing("stream"))?;
                    put(events, input)
                }
                "GetLogEvents" => {
                    let events = streams.get(stream).ok_or_else(|| missing("stream"))?;
                    get(events, input)
                }
                "FilterLogEvents" => filter(streams, input),
                "DescribeLogStreams" => describe_streams(streams, input),
                _ => Err(ApiError::new(400, "UnknownOperationException", operation)),
            }
        }
    }
}

fn exists(what: &str) -> ApiError {
    let message = format!("The specified log {what} already exists");
    ApiError::new(400, "ResourceAlreadyExistsException", message)
}

fn create_group(groups: &mut BTreeMap<String, Streams>, group: &str) -> Answer {
    if groups.contains_key(group) {
        return Err(exists("group"));
    }
    groups.insert(group.to_owned(), Streams::new());
    Ok(json!({}))
}

fn create_stream(streams: &mut Streams, stream: &str) -> Answer {
    if streams.contains_key(stream) {
        return Err(exists("stream"));
    }
    streams.insert(stream.to_owned(), Vec::new());
    Ok(json!({}))
}

fn describe_groups(world: &World, groups: &BTreeMap<String, Streams>, input: &Value) -> Value {
    let prefix = input["logGroupNamePrefix"].as_str().unwrap_or_default();
    let settings = &world.settings;
    let found: Vec<Value> = groups
        .keys()
        .filter(|name| name.starts_with(prefix))
        .map(|name| {
            let arn = format!(
                "arn:aws:logs:{}:{}:log-group:{name}",
                settings.region, settings.account
            );
            json!({"logGroupName": name, "arn": format!("{arn}:*"), "logGroupArn": arn})
        })
        .collect();
    json!({"logGroups": found})
}

fn describe_streams(streams: &Streams, input: &Value) -> Answer {
    let prefix = input["logStreamNamePrefix"].as_str().unwrap_or_default();
    let mut found: Vec<(&String, &Vec<Event>)> = streams
        .iter()
        .filter(|(name, _)| name.starts_with(prefix))
        .collect();
    if input["orderBy"] == "LastEventTime" {
        if !prefix.is_empty() {
            return Err(ApiError::new(
                400,
                "InvalidParameterException",
                "Cannot order by LastEventTime with a logStreamNamePrefix.",
            ));
        }
        found.sort_by_key(|(_, events)| events.last().map(|event| event.at));
    }
    if input["descending"] == true {
        found.reverse();
    }
    let (start, end) = page(input, found.len(), 50)?;
    let page: Vec<Value> = found[start..end]
        .iter()
        .map(|(name, events)| {
            let mut answer = json!({"logStreamName": name, "storedBytes": 0});
            if let (Some(first), Some(last)) = (events.first(), events.last()) {
                answer["firstEventTimestamp"] = json!(first.at);
                answer["lastEventTimestamp"] = json!(last.at);
            }
            answer
        })
        .collect();
    let mut answer = json!({"logStreams": page});
    if end < found.len() {
        answer["nextToken"] = json!(end.to_string());
    }
    Ok(answer)
}

fn put(events: &mut Vec<Event>, input: &Value) -> Answer {
    let new = input["logEvents"].as_array().into_iter().flatten();
    for event in new {
        events.push(Event {
            at: event["timestamp"].as_i64().unwrap_or_default(),
            message: event["message"].as_str().unwrap_or_default().to_owned(),
        });
    }
    events.sort_by_key(|event| event.at);
    Ok(json!({"nextSequenceToken": uuid::Uuid::new_v4().simple().to_string()}))
}

fn within(input: &Value, event: &Event) -> bool {
    let limit = |field: &str| input[field].as_i64();
    limit("startTime").is_none_or(|start| event.at >= start)
        && limit("endTime").is_none_or(|end| event.at < end)
}

fn get(events: &[Event], input: &Value) -> Answer {
    let events: Vec<&Event> = events.iter().filter(|event| within(input, event)).collect();
    let limit = count(input, 10_000);
    let head = input["startFromHead"] == true;
    let token = input["nextToken"].as_str();
    let number = |text: &str| {
        text.parse::<usize>().map_err(|_| {
            ApiError::new(
                400,
                "InvalidParameterException",
                "The specified nextToken is invalid.",
            )
        })
    };
    let (start, end) = match token.map(|token| token.split_at(2.min(token.len()))) {
        Some(("f/", at)) => {
            let start = number(at)?.min(events.len());
            (start, events.len().min(start + limit))
        }
        Some(("b/", at)) => {
            let end = number(at)?.min(events.len());
            (end.saturating_sub(limit), end)
        }
        Some((_, at)) => {
            number(at)?;
            (0, 0)
        }
        None if head => (0, events.len().min(limit)),
        None => (events.len().saturating_sub(limit), events.len()),
    };
    let found: Vec<Value> = events[start..end]
        .iter()
        .map(|event| {
            json!({"timestamp": event.at, "message": event.message, "ingestionTime": event.at})
        })
        .collect();
    Ok(json!({
        "events": found,
        "nextForwardToken": format!("f/{end}"),
        "nextBackwardToken": format!("b/{start}"),
    }))
}

fn filter(streams: &Streams, input: &Value) -> Answer {
    let names: Vec<&str> = input["logStreamNames"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let prefix = input["logStreamNamePrefix"].as_str().unwrap_or_default();
    let pattern = Pattern::parse(input["filterPattern"].as_str().unwrap_or_default())?;
    if names.iter().any(|name| !streams.contains_key(*name)) {
        let message = "The specified log stream does not exist.";
        return Err(ApiError::new(400, "ResourceNotFoundException", message));
    }
    let mut found: Vec<(i64, Value)> = Vec::new();
    for (name, events) in streams {
        if !(names.is_empty() || names.contains(&name.as_str())) || !name.starts_with(prefix) {
            continue;
        }
        for (place, event) in events.iter().enumerate() {
            if within(input, event) && pattern.matches(&event.message) {
                found.push((
                    event.at,
                    json!({
                        "logStreamName": name,
                        "timestamp": event.at,
                        "message": event.message,
                        "ingestionTime": event.at,
                        "eventId": format!("{:020}{place:036}", event.at),
                    }),
                ));
            }
        }
    }
    found.sort_by_key(|(at, _)| *at);
    let (start, end) = page(input, found.len(), 10_000)?;
    let events: Vec<&Value> = found[start..end].iter().map(|(_, event)| event).collect();
    let mut answer = json!({"events": events, "searchedLogStreams": []});
    if end < found.len() {
        answer["nextToken"] = json!(end.to_string());
    }
    Ok(answer)
}

fn count(input: &Value, most: usize) -> usize {
    let limit = input["limit"].as_u64();
    let limit = limit.and_then(|limit| usize::try_from(limit).ok());
    limit.unwrap_or(most).clamp(1, most)
}

fn page(input: &Value, total: usize, most: usize) -> Result<(usize, usize), ApiError> {
    let start = match input["nextToken"].as_str() {
        None => 0,
        Some(token) => token.parse::<usize>().map_err(|_| {
            ApiError::new(
                400,
                "InvalidParameterException",
                "The specified nextToken is invalid.",
            )
        })?,
    };
    let start = start.min(total);
    Ok((start, total.min(start + count(input, most))))
}
