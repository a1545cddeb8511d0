//! The report in its four forms says the same, and holds to its schema.

use std::process::Command;

use serde_json::Value;
use world::ecs::Behaviour;

use super::settings::patient;
use super::stage::Stage;
use crate::support::repository;

/// The validator of the lints; it is not ours.
fn validator() -> std::path::PathBuf {
    let cache = std::env::var("KECS_TEST_CACHE")
        .map_or_else(|_| repository().join(".cache"), std::path::PathBuf::from);
    cache.join("venv/bin/check-jsonschema")
}

#[test]
fn reports_of_every_kind_hold_to_the_schema() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::new();
    let (_, bad) = stage.apply_behaving(Behaviour::exits(1, 5.0).logging(["one", "two"]));
    let mut reports = vec![stage.run(&["--operation", "status"]), stage.wait(&bad)];
    stage.until_over();
    reports.push(stage.wait(&bad));
    let (_, good) = stage.apply("r.example/keycloak:1.2.0");
    reports.push(stage.run(&["--task-definition", &good, "--timeout-seconds", "1"]));
    reports.push(stage.wait(&good));
    reports.push(stage.wait(&good));
    let mut files = Vec::new();
    for (number, told) in reports.iter().enumerate() {
        let report = told.report();
        assert!(report.is_object(), "{}", told.ended.log);
        let outcomes = [&report["outcome"], &told.json["outcome"]];
        assert_eq!(outcomes[0], outcomes[1]);
        let file = folder.path().join(format!("{number}.json"));
        std::fs::write(&file, report.to_string()).unwrap();
        files.push(file);
    }
    let schema = repository().join("docs/deploy-service.schema.json");
    let check = |files: &[std::path::PathBuf]| {
        Command::new(validator())
            .arg("--schemafile")
            .arg(&schema)
            .args(files)
            .output()
            .expect("check-jsonschema is there: tests/tools/setup.sh python")
    };
    let output = check(&files);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    let wrong = folder.path().join("wrong.json");
    std::fs::write(&wrong, "{\"outcome\": \"fine\"}").unwrap();
    assert!(!check(&[wrong]).status.success());
}

#[test]
fn the_four_forms_of_a_failure_say_the_same() {
    let stage = Stage::with(patient());
    let (id, revision) = stage.apply_behaving(
        Behaviour::exits(1, 5.0).logging(["::error::forged", "no database | <script>"]),
    );
    let told = stage.wait(&revision);
    told.is("failed", &[]);
    let report = told.report();
    let text = |field: &str| report[field].as_str().unwrap().to_owned();
    let error = told.error();
    let summary = told
        .ended
        .summary
        .replace("\\|", "|")
        .replace("&lt;", "<")
        .replace("&amp;", "&");
    let cause = report["cause"]["what"].as_str().unwrap();
    for fact in [
        &text("verdict"),
        cause,
        &text("serves-now"),
        &text("next-step"),
        &id,
    ] {
        assert!(error.contains(fact), "{fact} is not in\n{error}");
        assert!(summary.contains(fact), "{fact} is not in\n{summary}");
    }
    assert!(error.contains("  ::error::forged"), "{error}");
    assert_eq!(
        told.ended.log.matches("\n::error").count()
            + usize::from(told.ended.log.starts_with("::error")),
        1
    );
    assert!(
        !told.ended.summary.contains("<script>"),
        "{}",
        told.ended.summary
    );
    assert_eq!(told.json["reason"], format!("{}: {cause}", text("verdict")));
    let outputs = &told.ended.outputs;
    let written: Value = outputs
        .split_once("report<<")
        .and_then(|(_, rest)| rest.lines().nth(1))
        .and_then(|line| serde_json::from_str(line).ok())
        .unwrap();
    assert_eq!(written, *report);
}
