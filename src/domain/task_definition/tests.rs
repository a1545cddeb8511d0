use super::*;
use proptest::prelude::*;

const ANSWER: &str = r#"{"tags":[{"key":"team","value":"idp"}],"taskDefinition":{
    "family":"keycloak","revision":7,"status":"ACTIVE","taskDefinitionArn":"arn:aws:ecs:r:1:task-definition/keycloak:7",
    "futureField":{"z": 1.50, "a":[1e3,"\u00e9"]},"cpu":"1024",
    "containerDefinitions":[
        {"name":"keycloak","image":"r.io:443/acme/keycloak:1.0.0","future":[ 1 ],"stopTimeout":90,
         "logConfiguration":{"logDriver":"awslogs","options":{"awslogs-group":"/kc","awslogs-stream-prefix":"kc"}}},
        {"name":"sidecar","image":"r.io:443/acme/proxy:2"}]}}"#;

#[test]
fn unknown_fields_survive_byte_for_byte_and_fields_of_the_answer_do_not() {
    let definition = TaskDefinition::from_answer(ANSWER).unwrap();
    let container = definition
        .container_for(None, "r.io:443/acme/keycloak@sha256:00")
        .unwrap();
    assert_eq!(container.name, "keycloak");
    let body = definition
        .clone()
        .with_image("keycloak", "r.io:443/acme/keycloak:1.1.0")
        .unwrap()
        .request()
        .unwrap();
    assert!(
        body.contains(r#""futureField":{"z": 1.50, "a":[1e3,"\u00e9"]}"#),
        "{body}"
    );
    assert!(body.contains(r#""future":[ 1 ]"#), "{body}");
    assert!(
        body.contains(r#""tags":[{"key":"team","value":"idp"}]"#),
        "{body}"
    );
    assert!(body.contains("keycloak:1.1.0") && !body.contains("keycloak:1.0.0"));
    for name in ANSWER_ONLY {
        assert!(!body.contains(&format!("\"{name}\"")), "{name}");
    }
}

#[test]
fn a_container_is_found_or_asked_for() {
    let definition = TaskDefinition::from_answer(ANSWER).unwrap();
    assert!(definition.container_for(None, "other/image:1").is_err());
    let error = definition.container_for(Some("kc"), "x").unwrap_err();
    assert!(error.message().contains("keycloak, sidecar"), "{error}");
}

#[test]
fn the_log_is_found() {
    let definition = TaskDefinition::from_answer(ANSWER).unwrap();
    assert!(matches!(
        definition.log_place("keycloak"),
        LogPlace::CloudWatch { group, region: None, prefix: Some(_) } if group == "/kc"
    ));
    assert_eq!(definition.log_place("sidecar"), LogPlace::Nowhere);
}

#[test]
fn what_is_no_task_definition_is_refused() {
    for text in [
        "",
        "[]",
        "{",
        "{}",
        r#"{"family":"a","containerDefinitions":[]}"#,
    ] {
        assert!(
            TaskDefinition::from_file(text, "task.json").is_err(),
            "{text}"
        );
    }
    let empty_tags =
        r#"{"tags": [],"taskDefinition":{"family":"a","containerDefinitions":[{"name":"a"}]}}"#;
    let body = TaskDefinition::from_answer(empty_tags)
        .unwrap()
        .request()
        .unwrap();
    assert!(!body.contains("tags"), "{body}");
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        ".*".prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::btree_map("[a-z]{1,6}", inner, 0..4)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_field_survives(value in json(), image in "[a-z]{1,8}(:[a-z0-9]{1,8})?") {
        let text = value.to_string();
        let answer = format!(
            r#"{{"taskDefinition":{{"family":"f","new":{text},"containerDefinitions":[{{"name":"c","image":"x","new":{text}}}]}}}}"#
        );
        let body = TaskDefinition::from_answer(&answer).unwrap().with_image("c", &image).unwrap().request().unwrap();
        prop_assert_eq!(body.matches(&format!(r#""new":{text}"#)).count(), 2);
        let parsed: serde_json::Value = serde_json::from_str(&body).unwrap();
        prop_assert_eq!(parsed["containerDefinitions"][0]["image"].as_str(), Some(image.as_str()));
    }
}
