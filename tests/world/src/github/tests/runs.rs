//! Workflow runs through act.
