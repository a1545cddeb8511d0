//! Amazon ECS: thin typed calls about one cluster.
//!
//! No call is retried here: whoever waits has a pace of its own, and a repeated `UpdateService` could start a second
//! deployment.

mod convert;
mod nodes;
mod task_definition;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_sdk_ecs::Client;
use aws_sdk_ecs::types::{DesiredStatus, StopServiceDeploymentStopType};

use super::explain;
use crate::domain::rollout::{Brief, DeploymentId, Service, ServiceDeployment, StoppedTask};
use crate::error::{Error, Result};

pub use nodes::Nodes;

/// Pages of a list that are read at most.
const PAGES: usize = 10;
/// ARNs that one `DescribeServiceRevisions` takes.
const REVISIONS: usize = 20;
/// ARNs that one `DescribeTasks` takes.
const TASKS: usize = 100;

/// ECS in one cluster.
pub struct Ecs {
    client: Client,
    cluster: String,
    region: String,
}

/// A service revision: what a deployment deploys.
#[derive(Clone, Debug)]
pub struct Revision {
    pub id: DeploymentId,
    pub task_definition: String,
    /// Container, and the digest of its image as ECS resolved it.
    pub digests: Vec<(String, String)>,
}

/// A task, and the deployment that started it.
#[derive(Clone, Debug)]
pub struct StartedTask {
    pub arn: String,
    pub started_by: String,
    /// Whether it has stopped altogether: before that, exit codes may be missing.
    pub ended: bool,
    pub task: StoppedTask,
}

impl Ecs {
    pub fn region(&self) -> &str {
        &self.region
    }

    /// `cluster` is a name or an ARN.
    pub fn new(config: &SdkConfig, cluster: &str) -> Self {
        let mut builder: aws_sdk_ecs::config::Builder = config.into();
        builder.set_retry_config(Some(RetryConfig::disabled()));
        let region = config
            .region()
            .map_or_else(String::new, ToString::to_string);
        Self {
            client: Client::from_conf(builder.build()),
            cluster: cluster.to_owned(),
            region,
        }
    }

    fn tried(&self, what: &str) -> String {
        format!(
            "could not {what} in {}, cluster {}",
            self.region, self.cluster
        )
    }

    /// The service, with its events; none where the cluster has no such service.
    pub async fn service(&self, name: &str) -> Result<Option<Service>> {
        let answer = self
            .client
            .describe_services()
            .cluster(&self.cluster)
            .services(name)
            .send()
            .await
            .map_err(|error| {
                explain(&self.tried(&format!("look at the service {name}")), &error)
            })?;
        Ok(answer.services().first().map(convert::service))
    }

    /// Names of the account's clusters.
    pub async fn cluster_names(&self) -> Result<Vec<String>> {
        let mut pages = self.client.list_clusters().into_paginator().send();
        let mut names = Vec::new();
        for _ in 0..PAGES {
            let Some(page) = pages.next().await else {
                break;
            };
            let page = page.map_err(|error| explain("could not list the clusters", &error))?;
            names.extend(page.cluster_arns().iter().map(|arn| last(arn).to_owned()));
        }
        Ok(names)
    }

    /// Names of the cluster's services.
    pub async fn service_names(&self) -> Result<Vec<String>> {
        let calls = self.client.list_services().cluster(&self.cluster);
        let mut pages = calls.max_results(100).into_paginator().send();
        let mut names = Vec::new();
        for _ in 0..PAGES {
            let Some(page) = pages.next().await else {
                break;
            };
            let page = page.map_err(|error| explain(&self.tried("list the services"), &error))?;
            names.extend(page.service_arns().iter().map(|arn| last(arn).to_owned()));
        }
        Ok(names)
    }

    /// The service deployments of a service. AWS keeps them for 90 days.
    pub async fn deployments(&self, service: &str) -> Result<Vec<Brief>> {
        let mut found = Vec::new();
        let mut token = None;
        for _ in 0..PAGES {
            let page = self
                .client
                .list_service_deployments()
                .cluster(&self.cluster)
                .service(service)
                .max_results(100)
                .set_next_token(token)
                .send()
                .await
                .map_err(|error| {
                    explain(
                        &self.tried(&format!("list the deployments of {service}")),
                        &error,
                    )
                })?;
            found.extend(page.service_deployments().iter().filter_map(convert::brief));
            token = page.next_token().map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
        Ok(found)
    }

    /// One service deployment; none while ECS does not know it.
    pub async fn deployment(&self, arn: &str) -> Result<Option<ServiceDeployment>> {
        let answer = self
            .client
            .describe_service_deployments()
            .service_deployment_arns(arn)
            .send()
            .await
            .map_err(|error| explain(&self.tried(&format!("look at {arn}")), &error))?;
        Ok(answer
            .service_deployments()
            .first()
            .and_then(convert::deployment))
    }

    /// Service revisions by their ARNs.
    pub async fn revisions(&self, arns: &[String]) -> Result<Vec<Revision>> {
        let mut found = Vec::new();
        for some in arns.chunks(REVISIONS) {
            let answer = self
                .client
                .describe_service_revisions()
                .set_service_revision_arns(Some(some.to_vec()))
                .send()
                .await
                .map_err(|error| explain(&self.tried("look at the service revisions"), &error))?;
            found.extend(
                answer
                    .service_revisions()
                    .iter()
                    .filter_map(convert::revision),
            );
        }
        Ok(found)
    }

    /// ARNs of tasks of the service that stopped within about the last hour.
    pub async fn stopped_tasks(&self, service: &str) -> Result<Vec<String>> {
        let answer = self
            .client
            .list_tasks()
            .cluster(&self.cluster)
            .service_name(service)
            .desired_status(DesiredStatus::Stopped)
            .send()
            .await
            .map_err(|error| explain(&self.tried("list the stopped tasks"), &error))?;
        Ok(answer.task_arns().to_vec())
    }

    /// Tasks by their ARNs.
    pub async fn tasks(&self, arns: &[String]) -> Result<Vec<StartedTask>> {
        let mut found = Vec::new();
        for some in arns.chunks(TASKS) {
            let answer = self
                .client
                .describe_tasks()
                .cluster(&self.cluster)
                .set_tasks(Some(some.to_vec()))
                .send()
                .await
                .map_err(|error| explain(&self.tried("look at the stopped tasks"), &error))?;
            found.extend(answer.tasks().iter().filter_map(convert::task));
        }
        Ok(found)
    }

    /// Starts a deployment: of another task definition, or of the same one anew. `desiredCount` is never sent, so that
    /// autoscaling keeps what it chose.
    pub async fn update(
        &self,
        service: &str,
        task_definition: Option<&str>,
        force: bool,
    ) -> Result<Service> {
        let answer = self
            .client
            .update_service()
            .cluster(&self.cluster)
            .service(service)
            .set_task_definition(task_definition.map(str::to_owned))
            .set_force_new_deployment(force.then_some(true))
            .send()
            .await
            .map_err(|error| {
                explain(
                    &self.tried(&format!("update the service {service}")),
                    &error,
                )
            })?;
        answer.service().map(convert::service).ok_or_else(|| {
            Error::refused(self.tried(&format!("read the updated service {service}")))
        })
    }

    /// Stops a deployment in flight and has ECS return to the revision before.
    pub async fn roll_back(&self, deployment: &str) -> Result<()> {
        self.client
            .stop_service_deployment()
            .service_deployment_arn(deployment)
            .stop_type(StopServiceDeploymentStopType::Rollback)
            .send()
            .await
            .map(|_| ())
            .map_err(|error| explain(&self.tried(&format!("stop {deployment}")), &error))
    }
}

/// The last part of an ARN.
fn last(arn: &str) -> &str {
    arn.rsplit_once('/').map_or(arn, |(_, name)| name)
}
