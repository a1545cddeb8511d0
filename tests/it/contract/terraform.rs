//! What Terraform's files say of themselves, as tables: inputs and outputs of the modules, and the statements of the
//! policies in `docs/iam.md`, whose sentences are the comments above them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use hcl_edit::expr::Expression;
use hcl_edit::repr::Decorate as _;
use hcl_edit::structure::{Block, Body};
use serde_json::Value;

use super::expect_section;
use crate::support::repository;

/// The blocks of a folder's `.tf` files, file by file.
fn blocks(folder: &Path) -> Vec<Block> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "tf"))
        .collect();
    files.sort();
    files
        .iter()
        .flat_map(|path| {
            let text = std::fs::read_to_string(path).unwrap();
            let body: Body = text
                .parse()
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            body.into_blocks()
        })
        .collect()
}

fn module(name: &str) -> Vec<Block> {
    blocks(&repository().join("terraform/modules").join(name))
}

/// An attribute's expression in one line.
fn one_line(block: &Block, attribute: &str) -> Option<String> {
    let expression = &block.body.get_attribute(attribute)?.value;
    let text = expression.to_string();
    Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn text(block: &Block, attribute: &str) -> String {
    block
        .body
        .get_attribute(attribute)
        .and_then(|found| found.value.as_str())
        .unwrap_or_else(|| panic!("{:?} has no {attribute}", block.labels))
        .to_owned()
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}

fn inputs_table(blocks: &[Block]) -> String {
    let mut table = String::from("| Input | Type | Default | Meaning |\n|---|---|---|---|\n");
    for block in blocks.iter().filter(|block| block.has_ident("variable")) {
        let default =
            one_line(block, "default").map_or("required".to_owned(), |text| format!("`{text}`"));
        writeln!(
            table,
            "| `{}` | `{}` | {default} | {} |",
            block.labels[0].as_str(),
            one_line(block, "type").unwrap().replace('|', "\\|"),
            cell(&text(block, "description"))
        )
        .unwrap();
    }
    table
}

fn outputs_table(blocks: &[Block]) -> String {
    let mut table = String::from("| Output | Meaning |\n|---|---|\n");
    for block in blocks.iter().filter(|block| block.has_ident("output")) {
        writeln!(
            table,
            "| `{}` | {} |",
            block.labels[0].as_str(),
            cell(&text(block, "description"))
        )
        .unwrap();
    }
    table
}

/// One statement of a policy, as the module's file has it.
struct Statement {
    sid: String,
    /// The comment above it.
    sentence: String,
    denies: bool,
    actions: Vec<String>,
    resources: String,
    conditions: Vec<String>,
}

/// The comment in front of a block.
fn comment(block: &Block) -> String {
    let prefix = block.decor().prefix().map(|raw| raw.to_string());
    prefix
        .unwrap_or_default()
        .lines()
        .filter_map(|line| line.trim().strip_prefix('#'))
        .map(str::trim)
        .collect::<Vec<_>>()
        .join(" ")
}

fn texts(expression: &Expression) -> Vec<String> {
    expression
        .as_array()
        .map(|items| {
            items
                .iter()
                .filter_map(|item| item.as_str().map(str::to_owned))
                .collect()
        })
        .unwrap_or_default()
}

fn statement(outer: &Block) -> Statement {
    let inner = if outer.has_ident("dynamic") {
        outer.body.get_blocks("content").next().unwrap()
    } else {
        outer
    };
    let body = &inner.body;
    Statement {
        sid: text(inner, "sid"),
        sentence: comment(outer),
        denies: body.get_attribute("effect").is_some(),
        actions: texts(&body.get_attribute("actions").unwrap().value),
        resources: one_line(inner, "resources").unwrap_or_default(),
        conditions: body
            .get_blocks("condition")
            .map(|condition| {
                format!(
                    "{} {}",
                    text(condition, "test"),
                    one_line(condition, "variable").unwrap().trim_matches('"')
                )
            })
            .collect(),
    }
}

/// The statements of one `aws_iam_policy_document`.
fn statements(blocks: &[Block], document: &str) -> Vec<Statement> {
    let data = blocks
        .iter()
        .find(|block| {
            block.has_ident("data")
                && block.has_exact_labels(&["aws_iam_policy_document", document])
        })
        .unwrap_or_else(|| panic!("no policy document {document}"));
    data.body
        .blocks()
        .filter(|block| block.has_ident("statement") || block.has_exact_labels(&["statement"]))
        .map(statement)
        .collect()
}

/// The actions that a policy document of the module `github-oidc` grants.
pub(crate) fn granted(document: &str) -> Vec<String> {
    statements(&module("github-oidc"), document)
        .into_iter()
        .flat_map(|statement| statement.actions)
        .collect()
}

/// Resources of each statement of a policy that is written down in `terraform/tests/policies`, by its `Sid`.
fn written_down(policy: &str) -> BTreeMap<String, Vec<String>> {
    let path = repository().join(format!("terraform/tests/policies/{policy}.json"));
    let document: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let statements = document["Statement"].as_array().unwrap();
    statements
        .iter()
        .map(|statement| {
            let resources = match &statement["Resource"] {
                Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
                other => other.as_str().into_iter().collect::<Vec<_>>(),
            };
            (
                statement["Sid"].as_str().unwrap().to_owned(),
                resources.into_iter().map(str::to_owned).collect(),
            )
        })
        .collect()
}

/// What a statement of the stack's own policies is about, in the example. These policies are written down nowhere: some of
/// their resources are known after an apply only.
fn example(sid: &str, resources: &str) -> Vec<String> {
    const LOG: &str = "logs:eu-west-1:123456789012:log-group";
    const BROUGHT: &str = "what `secrets` and `database` name";
    let arns = |rest: &[&str]| {
        let arn = |rest: &&str| format!("`arn:aws:{rest}`");
        rest.iter().map(arn).collect::<Vec<_>>()
    };
    match (sid, resources) {
        (_, r#"["*"]"#) => vec!["`*`".to_owned()],
        (_, "[local.repository_arn]") => arns(&["ecr:eu-west-1:123456789012:repository/keycloak"]),
        (_, r#"["${aws_cloudwatch_log_group.keycloak.arn}:*"]"#) => {
            arns(&[&format!("{LOG}:/ecs/keycloak:*")])
        }
        (_, r#"["${aws_cloudwatch_log_group.network[0].arn}:*"]"#) => {
            arns(&[&format!("{LOG}:/vpc/keycloak:*")])
        }
        ("ReadTheSecrets", "statement.value") => {
            let secret = "secretsmanager:eu-west-1:123456789012:secret:keycloak";
            let mut found = arns(&[
                &format!("{secret}-database-…"),
                &format!("{secret}-bootstrap-admin-…"),
            ]);
            found.push(BROUGHT.to_owned());
            found
        }
        ("ReadTheParameters", "statement.value") => vec![BROUGHT.to_owned()],
        ("DecryptTheSecrets" | "TheKey", "[statement.value]") => {
            vec!["the key of `kms_key`".to_owned()]
        }
        ("FindThePeerList", "[statement.value]") => arns(&["s3:::keycloak-s3-ping-…"]),
        (_, r#"["${statement.value}/${local.s3_ping_prefix}/*"]"#) => {
            arns(&["s3:::keycloak-s3-ping-…/keycloak/*"])
        }
        ("StartANewDeployment", _) => {
            arns(&["ecs:eu-west-1:123456789012:service/keycloak/keycloak"])
        }
        (_, "[aws_ecs_task_definition.redeploy[0].arn]") => {
            arns(&["ecs:eu-west-1:123456789012:task-definition/keycloak-redeploy:…"])
        }
        (_, "[aws_iam_role.execution.arn, aws_iam_role.redeploy[0].arn]") => arns(&[
            "iam::123456789012:role/keycloak-execution-…",
            "iam::123456789012:role/keycloak-redeploy-…",
        ]),
        _ => panic!("{sid}: nothing says what {resources} is in the example"),
    }
}

fn statements_table(statements: &[Statement], policy: Option<&str>) -> String {
    let resources = policy.map(written_down).unwrap_or_default();
    let mut table = String::from("| Statement | What for | Actions | On |\n|---|---|---|---|\n");
    for found in statements {
        assert!(
            found.sentence.ends_with('.'),
            "{} has no sentence above it",
            found.sid
        );
        let on = match resources.get(&found.sid) {
            Some(list) => {
                let mut list = list.clone();
                list.sort();
                list.iter().map(|item| format!("`{item}`")).collect()
            }
            None => example(&found.sid, &found.resources),
        };
        let on = on.join("<br>");
        let condition = if found.conditions.is_empty() {
            String::new()
        } else {
            format!("<br>if {}", found.conditions.join(", "))
        };
        writeln!(
            table,
            "| `{}`{} | {} | {} | {on}{condition} |",
            found.sid,
            if found.denies { " (deny)" } else { "" },
            cell(&found.sentence),
            found
                .actions
                .iter()
                .map(|action| format!("`{action}`"))
                .collect::<Vec<_>>()
                .join("<br>"),
        )
        .unwrap();
    }
    table
}

#[test]
fn module_tables_say_what_the_modules_say() {
    for name in ["keycloak", "github-oidc"] {
        let blocks = module(name);
        let path = repository().join(format!("terraform/modules/{name}/README.md"));
        expect_section(&path, "inputs", &inputs_table(&blocks));
        expect_section(&path, "outputs", &outputs_table(&blocks));
    }
}

#[test]
fn every_statement_of_a_policy_has_its_sentence() {
    let page = repository().join("docs/iam.md");
    let (roles, stack) = (module("github-oidc"), module("keycloak"));
    for (section, blocks, documents, policy) in [
        ("plan", &roles, &["plan", "lookups"][..], Some("plan")),
        ("build", &roles, &["build"], Some("build")),
        (
            "deploy: the binaries",
            &roles,
            &["deploy_watch"],
            Some("deploy-production"),
        ),
        (
            "deploy: Terraform",
            &roles,
            &["state", "lookups", "deploy_terraform"],
            Some("deploy-production"),
        ),
        (
            "infrastructure",
            &roles,
            &[
                "state",
                "infrastructure_named",
                "infrastructure_shared",
                "infrastructure_roles",
            ],
            Some("infrastructure-production"),
        ),
        ("boundary", &roles, &["boundary"], Some("boundary")),
        ("execution", &stack, &["execution"], None),
        ("task", &stack, &["task"], None),
        (
            "other roles",
            &stack,
            &["flow_log", "redeploy", "rotated"],
            None,
        ),
    ] {
        let found: Vec<Statement> = documents
            .iter()
            .flat_map(|document| statements(blocks, document))
            .collect();
        expect_section(&page, section, &statements_table(&found, policy));
    }
}

#[test]
fn every_input_and_output_is_described_and_typed() {
    for folder in [
        "modules/keycloak",
        "modules/github-oidc",
        "bootstrap",
        "environments/production",
        "environments/staging",
    ] {
        for block in blocks(&repository().join("terraform").join(folder)) {
            if block.has_ident("variable") {
                assert!(
                    block.body.has_attribute("type"),
                    "{folder}: {:?}",
                    block.labels
                );
            }
            if block.has_ident("variable") || block.has_ident("output") {
                assert!(
                    text(&block, "description").len() > 10,
                    "{folder}: {:?}",
                    block.labels
                );
            }
        }
    }
}

/// The design's names, which workflows and people's habits hang on.
#[test]
fn the_roots_have_the_outputs_that_the_workflows_read() {
    for environment in ["production", "staging"] {
        let blocks = blocks(
            &repository()
                .join("terraform/environments")
                .join(environment),
        );
        for name in [
            "aws_region",
            "ecr_repository_url",
            "cluster_name",
            "service_name",
            "task_definition_arn",
            "s3_ping_bucket",
            "s3_ping_prefix",
            "next_steps",
        ] {
            assert!(
                blocks
                    .iter()
                    .any(|block| block.has_ident("output") && block.has_labels(&[name])),
                "{environment} has no output {name}"
            );
        }
    }
}
