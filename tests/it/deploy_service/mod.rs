//! `deploy-service`, the real binary, against a model of ECS on a fast clock. Scenario numbers are those of
//! `docs/scenarios.md`.

mod again;
mod beside;
mod cancelled;
mod course;
mod decided;
mod foresee;
mod images;
mod input;
mod limits;
mod model;
mod operations;
mod reports;
mod settings;
mod stage;
mod tasks;
