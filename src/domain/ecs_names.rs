//! Names and ARNs of ECS resources as callers give them. Pure.
//!
//! Forms: "Resource types defined by Amazon Elastic Container Service" in the Service Authorization Reference, and the name
//! rules of `CreateCluster` and `CreateService` in the Amazon ECS API reference, November 2026.

use crate::error::{Error, Result};

/// A cluster and a service of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// As it was given: a name or an ARN.
    pub cluster: String,
    /// The name alone.
    pub service: String,
    /// Account of the ARNs that were given.
    pub account: Option<String>,
}

impl Names {
    /// Holds the inputs `cluster` and `service` against each other and against the region.
    pub fn of(cluster: &str, service: &str, region: &str) -> Result<Self> {
        let mut names = Self {
            cluster: cluster.to_owned(),
            service: String::new(),
            account: None,
        };
        let of = if cluster.starts_with("arn:") {
            names.arn("cluster", cluster, "cluster", region)?
        } else {
            cluster
        };
        named("cluster", cluster, of)?;
        names.service = if service.starts_with("arn:") {
            let resource = names.arn("service", service, "service", region)?;
            // The old form of the ARN has no cluster.
            match resource.split_once('/') {
                Some((found, name)) if found == of => name,
                Some((found, _)) => {
                    return Err(Error::usage(format!(
                        "`service` belongs to the cluster {found}, but `cluster` is {cluster}"
                    ))
                    .hint("Correct one of them."));
                }
                None => resource,
            }
        } else {
            service
        }
        .to_owned();
        named("service", service, &names.service)?;
        Ok(names)
    }

    /// The resource of `arn:<partition>:ecs:<region>:<account>:<kind>/<resource>`, after its region and account were held
    /// against those of the others.
    pub fn arn<'a>(
        &mut self,
        input: &str,
        text: &'a str,
        kind: &str,
        region: &str,
    ) -> Result<&'a str> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let digits =
            |text: &str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
        let found = match parts[..] {
            ["arn", _, "ecs", place, number, resource] if digits(number) => resource
                .strip_prefix(kind)
                .and_then(|rest| rest.strip_prefix('/'))
                .filter(|name| !name.is_empty())
                .map(|name| (place, number, name)),
            _ => None,
        };
        let Some((place, number, name)) = found else {
            return Err(
                Error::usage(format!("`{input}` is {text:?}, not the ARN of a {kind}")).hint(
                    format!("It looks like arn:aws:ecs:{region}:123456789012:{kind}/…."),
                ),
            );
        };
        if place != region {
            return Err(Error::usage(format!(
                "`{input}` is in {place}, but the region is {region}: {text}"
            ))
            .hint("Set the region of this step, AWS_REGION, to that of the service."));
        }
        let known = self.account.get_or_insert_with(|| number.to_owned());
        if known != number {
            return Err(Error::usage(format!(
                "`{input}` belongs to account {number}, and another input to account {known}: {text}"
            ))
            .hint("Check which environment this job is for."));
        }
        Ok(name)
    }
}

/// Whether a text can be the name of a cluster, a service or a family.
pub fn is_name(text: &str) -> bool {
    (1..=255).contains(&text.len())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_belong_together_is_refused() {
        let arn = |kind: &str| format!("arn:aws:ecs:eu-central-1:123456789012:{kind}");
        let names = |cluster: &str, service: &str| Names::of(cluster, service, "eu-central-1");
        let good = names(&arn("cluster/main"), &arn("service/main/keycloak")).unwrap();
        assert_eq!(good.service, "keycloak");
        assert_eq!(good.account.as_deref(), Some("123456789012"));
        assert_eq!(
            names("main", &arn("service/keycloak")).unwrap().service,
            "keycloak"
        );
        let elsewhere = arn("cluster/main").replace("eu-central-1", "us-east-1");
        let other = arn("service/main/keycloak").replace("123456789012", "210987654321");
        for (cluster, service, told) in [
            ("main", "key cloak", "`service`"),
            ("ma/in", "keycloak", "`cluster`"),
            (elsewhere.as_str(), "keycloak", "us-east-1"),
            (
                "main",
                "arn:aws:ecs:eu-central-1:1:service/k",
                "not the ARN",
            ),
            (
                "arn:aws:eks:eu-central-1:123456789012:cluster/main",
                "keycloak",
                "not the ARN",
            ),
            ("main", &arn("service/other/keycloak"), "cluster other"),
            (&arn("cluster/main"), &other, "another input"),
        ] {
            let error = names(cluster, service).unwrap_err();
            assert!(error.message().contains(told), "{error}");
        }
    }
}
