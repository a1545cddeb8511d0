//! The JSON operations: which there are, who may call them, and those on the registry and its repositories.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::images;
use super::manifest::invalid;
use super::store::Mutability;
use super::{LIFETIME, basic};
use crate::World;
use crate::aws::ApiError;
use crate::iam::Principal;

pub(super) type Answer = Result<Value, ApiError>;

/// Results of one page when the caller names no number.
const PAGE: usize = 100;
/// The account setting of blob mounting.
const MOUNTING: &str = "BLOB_MOUNTING";

/// Answers one operation, if the caller may.
pub async fn handle(
    world: &Arc<World>,
    operation: &str,
    input: &Value,
    caller: &Principal,
) -> Answer {
    let repository = text(input, "repositoryName");
    let named = texts(input, "repositoryNames");
    let resources = match operation {
        "GetAuthorizationToken" | "GetAccountSetting" | "PutAccountSetting" => vec!["*".to_owned()],
        "DescribeRepositories" if named.is_empty() => vec![world.ecr.store.arn("*")],
        "DescribeRepositories" => named.iter().map(|name| world.ecr.store.arn(name)).collect(),
        _ => vec![world.ecr.store.arn(repository.unwrap_or_default())],
    };
    for resource in &resources {
        authorize(world, caller, operation, resource)?;
    }
    let name = || {
        repository
            .filter(|name| is_name(name))
            .ok_or_else(|| invalid("repositoryName", "must satisfy regular expression '[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(\\/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*'"))
    };
    match operation {
        "GetAuthorizationToken" => Ok(authorization_token(world, caller)),
        "GetAccountSetting" | "PutAccountSetting" => account_setting(world, operation, input),
        "CreateRepository" => create_repository(world, name()?, input),
        "DescribeRepositories" => describe_repositories(world, named, input),
        "ListImages" => images::list_images(world, name()?, input),
        "DescribeImages" => images::describe_images(world, name()?, input),
        "BatchGetImage" => images::batch_get_image(world, name()?, input),
        "PutImage" => images::put_image(world, name()?, input),
        "BatchDeleteImage" => images::batch_delete_image(world, name()?, input),
        "BatchCheckLayerAvailability" => images::check_layers(world, name()?, input),
        "GetDownloadUrlForLayer" => images::download_url(world, name()?, input),
        _ => Err(ApiError::new(400, "UnknownOperationException", operation)),
    }
}

/// Whether the caller may do `operation` on a resource. The text is the one that AWS has for IAM's refusals.
pub(super) fn authorize(
    world: &World,
    caller: &Principal,
    operation: &str,
    resource: &str,
) -> Result<(), ApiError> {
    let action = format!("ecr:{operation}");
    if world.iam.allows(caller, &action, resource, None) {
        return Ok(());
    }
    Err(ApiError::new(
        400,
        "AccessDeniedException",
        format!(
            "User: {} is not authorized to perform: {action} on resource: {resource} because no identity-based policy \
             allows the {action} action",
            caller.arn
        ),
    ))
}

pub(super) fn text<'a>(input: &'a Value, name: &str) -> Option<&'a str> {
    input.get(name).and_then(Value::as_str)
}

pub(super) fn texts<'a>(input: &'a Value, name: &str) -> Vec<&'a str> {
    let list = input.get(name).and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

/// Shape `RepositoryName` of the API: 2 to 256 characters, words of small letters and digits.
fn is_name(name: &str) -> bool {
    let word = |word: &str| {
        let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        word.starts_with(inner)
            && word.ends_with(inner)
            && word.chars().all(|c| inner(c) || "._-".contains(c))
            && !["..", "___", "._", "_.", "-.", ".-", "-_", "_-"]
                .iter()
                .any(|bad| word.contains(bad))
    };
    (2..=256).contains(&name.len()) && name.split('/').all(word)
}

fn authorization_token(world: &World, caller: &Principal) -> Value {
    let password = world.ecr.password(caller);
    json!({"authorizationData": [{
        "authorizationToken": basic(&password),
        "expiresAt": world.clock.unix() + LIFETIME,
        "proxyEndpoint": world.urls.registry,
    }]})
}

/// Source: ECR user guide, "Blob mounting in Amazon ECR", November 2026. Off until it is switched on.
fn account_setting(world: &World, operation: &str, input: &Value) -> Answer {
    if text(input, "name") != Some(MOUNTING) {
        return Err(invalid("name", "this stand-in knows BLOB_MOUNTING"));
    }
    if operation == "PutAccountSetting" {
        let enabled = match text(input, "value") {
            Some("ENABLED") => true,
            Some("DISABLED") => false,
            _ => return Err(invalid("value", "must be ENABLED or DISABLED")),
        };
        world.ecr.store.set_blob_mounting(enabled);
    }
    let value = if world.ecr.store.blob_mounting() {
        "ENABLED"
    } else {
        "DISABLED"
    };
    Ok(json!({"name": MOUNTING, "value": value}))
}

/// One page of a list, and the token of the next.
pub(super) fn page<T: Clone>(all: &[T], input: &Value) -> Result<(Vec<T>, Value), ApiError> {
    let size = match input.get("maxResults") {
        None => PAGE,
        Some(number) => number
            .as_u64()
            .and_then(|number| usize::try_from(number).ok())
            .filter(|number| (1..=1000).contains(number))
            .ok_or_else(|| invalid("maxResults", "must be between 1 and 1000"))?,
    };
    let start = match text(input, "nextToken") {
        None => 0,
        Some(token) => STANDARD
            .decode(token)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok()?.parse::<usize>().ok())
            .filter(|start| *start <= all.len())
            .ok_or_else(|| invalid("nextToken", "Invalid nextToken"))?,
    };
    let end = all.len().min(start + size);
    let next = if end < all.len() {
        json!(STANDARD.encode(end.to_string()))
    } else {
        Value::Null
    };
    Ok((all[start..end].to_vec(), next))
}

pub(super) fn with_token(mut answer: Value, token: Value) -> Value {
    if !token.is_null() {
        answer["nextToken"] = token;
    }
    answer
}

fn describe(world: &World, name: &str) -> Answer {
    let store = &world.ecr.store;
    store.read(name, |repository| {
        let mut described = json!({
            "repositoryArn": store.arn(name),
            "registryId": store.account,
            "repositoryName": name,
            "repositoryUri": store.uri(name),
            "createdAt": repository.created,
            "imageTagMutability": repository.mutability.name(),
            "imageScanningConfiguration": {"scanOnPush": false},
            "encryptionConfiguration": {"encryptionType": "AES256"},
        });
        if !repository.mutability.exclusions.is_empty() {
            let filters = repository.mutability.exclusions.iter();
            described["imageTagMutabilityExclusionFilters"] = filters
                .map(|filter| json!({"filterType": "WILDCARD", "filter": filter}))
                .collect();
        }
        described
    })
}

fn create_repository(world: &World, name: &str, input: &Value) -> Answer {
    let filters = input
        .get("imageTagMutabilityExclusionFilters")
        .and_then(Value::as_array);
    let exclusions: Vec<String> = filters
        .into_iter()
        .flatten()
        .filter_map(|filter| text(filter, "filter").map(str::to_owned))
        .collect();
    let rule = text(input, "imageTagMutability").unwrap_or("MUTABLE");
    let mutability = Mutability {
        immutable: rule.starts_with("IMMUTABLE"),
        exclusions,
    };
    if mutability.name() != rule || mutability.exclusions.len() > 5 {
        return Err(invalid(
            "imageTagMutability",
            "must fit the exclusion filters, of which there are at most 5",
        ));
    }
    world
        .ecr
        .store
        .create_repository(name, mutability, world.clock.unix())?;
    Ok(json!({"repository": describe(world, name)?}))
}

fn describe_repositories(world: &World, named: Vec<&str>, input: &Value) -> Answer {
    let names: Vec<String> = if named.is_empty() {
        world.ecr.store.repositories()
    } else {
        named.into_iter().map(str::to_owned).collect()
    };
    let (names, token) = page(&names, input)?;
    let repositories = names
        .iter()
        .map(|name| describe(world, name))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(with_token(json!({"repositories": repositories}), token))
}
