//! Clusters.

use serde_json::{Value, json};

use super::{Answer, Request, missing};
use crate::ecs::engine::Outside;
use crate::ecs::model::{Cluster, ServiceStatus, State};

pub fn create(state: &mut State, request: &Request<'_>, _: &dyn Outside) -> Answer {
    let name = request.text("clusterName").unwrap_or("default").to_owned();
    let arn = state.arn(&format!("cluster/{name}"));
    request.allow("CreateCluster", &arn, &arn)?;
    let tags = request.input.get("tags").cloned().unwrap_or(json!([]));
    let cluster = state.create_cluster(&name, tags).clone();
    Ok(json!({"cluster": cluster_json(state, &cluster)}))
}

pub fn describe(state: &State, request: &Request<'_>) -> Answer {
    let mut names = request.texts("clusters");
    if names.is_empty() {
        names.push("default");
    }
    let (mut clusters, mut failures) = (Vec::new(), Vec::new());
    for name in names {
        let arn = if name.starts_with("arn:") {
            name.to_owned()
        } else {
            state.arn(&format!("cluster/{name}"))
        };
        request.allow("DescribeClusters", &arn, &arn)?;
        match state.clusters.values().find(|cluster| cluster.arn == arn) {
            Some(cluster) => clusters.push(cluster_json(state, cluster)),
            None => failures.push(missing(&arn)),
        }
    }
    Ok(json!({"clusters": clusters, "failures": failures}))
}

pub fn list(state: &State, request: &Request<'_>) -> Answer {
    request.allow("ListClusters", "*", "")?;
    let arns = state.clusters.values().map(|cluster| json!(cluster.arn));
    request.page(&arns.collect::<Vec<Value>>(), "clusterArns", 100)
}

fn cluster_json(state: &State, cluster: &Cluster) -> Value {
    let mine = || {
        state
            .tasks
            .iter()
            .filter(|task| task.cluster == cluster.name)
    };
    let services = state.services.iter();
    let active =
        services.filter(|one| one.cluster == cluster.name && one.status == ServiceStatus::Active);
    json!({
        "clusterArn": cluster.arn,
        "clusterName": cluster.name,
        "status": "ACTIVE",
        "registeredContainerInstancesCount": 0,
        "runningTasksCount": mine().filter(|task| task.is_running()).count(),
        "pendingTasksCount": mine().filter(|task| task.is_pending()).count(),
        "activeServicesCount": active.count(),
        "statistics": [],
        "tags": cluster.tags,
        "settings": [{"name": "containerInsights", "value": "disabled"}],
        "capacityProviders": ["FARGATE", "FARGATE_SPOT"],
        "defaultCapacityProviderStrategy": [],
    })
}
