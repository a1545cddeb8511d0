//! The tasks that run a service's nodes.

use std::net::IpAddr;

use aws_sdk_ecs::types::{DesiredStatus, Task as SdkTask};

use super::{Ecs, PAGES, TASKS, last};
use crate::aws::explain;
use crate::domain::cluster::Task;
use crate::error::Result;

/// The tasks of a service that are, or may still be, members of its cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nodes {
    /// Tasks that run and are to run on.
    pub running: Vec<Task>,
    /// Tasks that are being stopped.
    pub leaving: Vec<Task>,
}

impl Ecs {
    /// The tasks that run a service's nodes.
    pub async fn nodes(&self, service: &str) -> Result<Nodes> {
        let mut arns = self.task_arns(service, DesiredStatus::Running).await?;
        // What was stopped stays in this list for about an hour: what is still being stopped is in it as well.
        arns.extend(self.task_arns(service, DesiredStatus::Stopped).await?);
        let mut nodes = Nodes::default();
        for some in arns.chunks(TASKS) {
            let answer = self
                .client
                .describe_tasks()
                .cluster(&self.cluster)
                .set_tasks(Some(some.to_vec()))
                .send()
                .await
                .map_err(|error| {
                    let tried = self.tried(&format!("look at the tasks of {service}"));
                    explain(&tried, &error)
                })?;
            for task in answer.tasks() {
                let Some(node) = node(task) else { continue };
                let runs = task.last_status() == Some("RUNNING");
                let stays = task.desired_status() == Some("RUNNING");
                match (runs, stays) {
                    (true, true) => nodes.running.push(node),
                    (_, false) if task.last_status() != Some("STOPPED") => nodes.leaving.push(node),
                    _ => {}
                }
            }
        }
        nodes.running.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(nodes)
    }

    async fn task_arns(&self, service: &str, desired: DesiredStatus) -> Result<Vec<String>> {
        let call = self.client.list_tasks().cluster(&self.cluster);
        let call = call.service_name(service).desired_status(desired);
        let mut pages = call.into_paginator().send();
        let mut arns = Vec::new();
        for _ in 0..PAGES {
            let Some(page) = pages.next().await else {
                break;
            };
            let tried = || self.tried(&format!("list the tasks of {service}"));
            let page = page.map_err(|error| explain(&tried(), &error))?;
            arns.extend(page.task_arns().iter().cloned());
        }
        Ok(arns)
    }
}

/// None for a task that has not started.
fn node(task: &SdkTask) -> Option<Task> {
    let details = task.attachments().iter().flat_map(|one| one.details());
    let address = details
        .filter(|detail| {
            matches!(
                detail.name(),
                Some("privateIPv4Address" | "privateIPv6Address")
            )
        })
        .filter_map(|detail| detail.value()?.parse::<IpAddr>().ok())
        .min();
    Some(Task {
        id: last(task.task_arn()?).to_owned(),
        address,
        started: task.started_at()?.secs(),
    })
}
