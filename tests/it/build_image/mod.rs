//! `build-image` with a real builder against the stand-in for ECR; skopeo looks at what was pushed.

mod context;
mod docker;
mod dockerfile;
mod elsewhere;
mod push;
mod race;
mod refuse;
mod started;
mod update;
