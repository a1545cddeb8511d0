//! Which deployment is ours.

use super::sample::{Change as _, begun, id, service, slot};
use crate::domain::rollout::{Attach, Brief, Pin, Role, RolloutState, Service, Status, attach};

fn brief(number: u32, status: Status) -> Brief {
    Brief {
        arn: format!("arn:aws:ecs:r:1:service-deployment/c/kc/{number}"),
        id: id(number),
        revision: format!("arn:aws:ecs:r:1:service-revision/c/kc/{number}"),
        status,
        created: Some(f64::from(number) * 1000.0),
    }
}

fn steady(number: u32) -> Service {
    service(vec![slot(number, Role::Primary, RolloutState::Completed)])
}

fn definition(number: u32) -> Pin {
    Pin::TaskDefinition(format!("arn:aws:ecs:r:1:task-definition/kc:{number}"))
}

#[test]
fn a_named_deployment_is_found_in_the_service_or_in_the_history() {
    let pin = Pin::Deployment(id(2));
    let history = [
        brief(2, Status::RollbackSuccessful),
        brief(1, Status::Successful),
    ];
    assert_eq!(
        attach(&pin, &begun().service, None, &[]),
        Attach::Found(id(2))
    );
    assert_eq!(
        attach(&pin, &steady(1), Some(&history), &[]),
        Attach::Found(id(2))
    );
    assert_eq!(attach(&pin, &steady(1), None, &[]), Attach::NotYet);
    let pin = Pin::ServiceDeployment(history[0].arn.clone());
    assert_eq!(
        attach(&pin, &steady(1), Some(&history), &[]),
        Attach::Found(id(2))
    );
}

#[test]
fn a_task_definition_leads_to_its_newest_deployment() {
    assert_eq!(
        attach(&definition(2), &begun().service, None, &[]),
        Attach::Found(id(2))
    );
    assert_eq!(
        attach(&definition(2), &steady(1), None, &[]),
        Attach::NotYet,
        "not seen yet"
    );
    assert_eq!(
        attach(&definition(1), &steady(1), None, &[]),
        Attach::Perhaps(id(1))
    );
    let history = [
        brief(2, Status::RollbackSuccessful),
        brief(1, Status::Successful),
    ];
    let revisions = [(id(2), "arn:aws:ecs:r:1:task-definition/kc:2".to_owned())];
    assert_eq!(
        attach(&definition(2), &steady(1), Some(&history), &revisions),
        Attach::Perhaps(id(2)),
        "rolled back before anybody looked"
    );
    let short = Pin::TaskDefinition("kc:2".to_owned());
    assert_eq!(
        attach(&short, &begun().service, None, &[]),
        Attach::Found(id(2))
    );
}

#[test]
fn without_a_name_the_newest_counts_even_when_it_failed() {
    let flying = [brief(2, Status::InProgress), brief(1, Status::Successful)];
    assert_eq!(
        attach(&Pin::Newest, &steady(1), Some(&flying), &[]),
        Attach::Found(id(2))
    );
    let failed = [
        brief(2, Status::RollbackSuccessful),
        brief(1, Status::Successful),
    ];
    assert_eq!(
        attach(&Pin::Newest, &steady(1), Some(&failed), &[]),
        Attach::Perhaps(id(2))
    );
    let lagging = [brief(1, Status::Successful)];
    assert_eq!(
        attach(&Pin::Newest, &begun().service, Some(&lagging), &[]),
        Attach::Perhaps(id(2))
    );
    assert_eq!(
        attach(&Pin::Newest, &begun().service, None, &[]),
        Attach::Found(id(2))
    );
}

#[test]
fn without_a_history_the_events_remember_a_rollback() {
    let mut view = begun();
    view.service = steady(1);
    assert_eq!(
        attach(&Pin::Newest, &view.service, None, &[]),
        Attach::Perhaps(id(1))
    );
    view.event(
        2050.0,
        "(service kc) (deployment ecs-svc/2) deployment failed: tasks failed to start.",
    );
    view.event(2051.0, "(service kc) rolling back to deployment ecs-svc/1.");
    assert_eq!(
        attach(&Pin::Newest, &view.service, None, &[]),
        Attach::Perhaps(id(2))
    );
}
