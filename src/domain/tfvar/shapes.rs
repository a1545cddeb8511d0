//! Shapes of files that people have, each with what becomes of it.

use super::{Assignment, Assignments, edit};

fn wanted(text: &str) -> Vec<Assignment> {
    text.parse::<Assignments>().unwrap().0
}

/// What changed, as the old and the new text of the only differing range.
#[track_caller]
fn changed(file: &str, text: &str, assignments: &str) -> (String, String) {
    let edited = edit(file, text.as_bytes(), &wanted(assignments)).unwrap();
    let new = String::from_utf8(edited.bytes).unwrap();
    let head = text
        .bytes()
        .zip(new.bytes())
        .take_while(|(a, b)| a == b)
        .count();
    let tail = text
        .bytes()
        .rev()
        .zip(new.bytes().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let tail = tail.min(text.len() - head).min(new.len() - head);
    (
        text[head..text.len() - tail].to_owned(),
        new[head..new.len() - tail].to_owned(),
    )
}

#[track_caller]
fn refused(file: &str, text: &str, assignments: &str) -> (String, Option<usize>) {
    let error = edit(file, text.as_bytes(), &wanted(assignments)).unwrap_err();
    assert_eq!(error.kind(), crate::error::Kind::Usage, "{error}");
    (error.message(), error.place().unwrap().line)
}

#[test]
fn the_value_and_nothing_else_changes() {
    for (file, text, assignment) in [
        // Values.
        ("a.tfvars", "tag = \"OLD\"\n", "tag"),
        ("a.auto.tfvars", "tag=\"OLD\"", "tag"),
        ("terraform.tfvars", "tag\t=\t\"OLD\"\t\n", "tag"),
        ("a.tfvars", "tag = \"OLD\"\r\nother = 1\r\n", "tag"),
        ("a.tfvars", "\u{feff}tag = \"OLD\"\n", "tag"),
        ("a.tfvars", "\u{feff}# x\r\ntag = \"OLD\"\r\n", "tag"),
        (
            "a.tfvars",
            "# tag = \"OLD\"\ntag = \"OLD\" # tag = \"OLD\"\n",
            "tag",
        ),
        (
            "a.tfvars",
            "tag = /* was \"OLD\" */ \"OLD\" // now\n",
            "tag",
        ),
        ("a.tfvars", "/* a\n b */\n\n\ntag = \"OLD\"\n\n\n", "tag"),
        (
            "a.tfvars",
            "a    = \"OLD\"\ntag  = \"OLD\"\nlong = \"OLD\"\n",
            "tag",
        ),
        (
            "a.tfvars",
            "note = <<EOT\ntag = \"OLD\"\nEOT\ntag = \"OLD\"\n",
            "tag",
        ),
        (
            "a.tfvars",
            "note = <<-EOT\n    a ${b}\n  EOT\ntag = \"OLD\"\n",
            "tag",
        ),
        ("a.tfvars", "größe = \"ü\"\ntag = \"OLD\" # ✓\n", "tag"),
        (
            "a.tfvars",
            "images = { keycloak = \"OLD\", proxy = \"OLD\" }\n",
            "images.keycloak",
        ),
        (
            "a.tfvars",
            "images = {\n  keycloak : \"OLD\"\n}\n",
            "images.keycloak",
        ),
        (
            "a.tfvars",
            "images = {\n  \"keycloak\" = \"OLD\",\n}\n",
            "images.keycloak",
        ),
        (
            "a.tfvars",
            "images = {\n  (\"keycloak\") = \"OLD\"\n}\n",
            "images.keycloak",
        ),
        (
            "a.tfvars",
            "images = {\r\n  # old\r\n  keycloak = \"OLD\" # x\r\n}\r\n",
            "images.keycloak",
        ),
        (
            "a.tfvars",
            "a = { b = { c = [1, 2], d = \"OLD\" } }",
            "a.b.d",
        ),
        (
            "a.tfvars",
            "a = { \"x.y\" = \"OLD\", x = { y = \"z\" } }",
            "a.\"x.y\"",
        ),
        (
            "a.tfvars",
            "l = [\"OLD\", { tag = \"OLD\" }]\ntag = \"OLD\"\n",
            "tag",
        ),
        // Defaults.
        (
            "variables.tf",
            "variable \"tag\" {\n  default = \"OLD\"\n}\n",
            "tag",
        ),
        (
            "variables.tf",
            "variable tag {\n  type = string\n  default = \"OLD\"\n}",
            "tag",
        ),
        (
            "variables.tf",
            "variable \"tag\" { default = \"OLD\" }\n",
            "tag",
        ),
        (
            "variables.tf",
            "variable \"tag\" {\r\n\tdefault\t= \"OLD\"\r\n}\r\n",
            "tag",
        ),
        (
            "variables.tf",
            "variable \"a\" {\n  default = \"OLD\"\n}\n\nvariable \"tag\" {\n  description = \"OLD\"\n  default     = \"OLD\"\n}\n",
            "tag",
        ),
        (
            "variables.tf",
            "variable \"tag\" {\n  type    = string\n  default = \"OLD\"\n\n  validation {\n    condition     = can(regex(\"^OLD\", var.tag))\n    error_message = \"OLD ${var.tag}.\"\n  }\n}\n",
            "tag",
        ),
        (
            "variables.tf",
            "variable \"images\" {\n  type = map(object({ tag = string }))\n  default = {\n    keycloak = { tag = \"OLD\" }\n  }\n}\n",
            "images.keycloak.tag",
        ),
        (
            "main.tf",
            "terraform {\n  required_version = \"~> 1.11\"\n}\n\nlocals {\n  tag = var.tag\n}\n\nvariable \"tag\" {\n  default = \"OLD\"\n}\n\nresource \"null_resource\" \"this\" {\n  for_each = { for k, v in var.x : k => v if v != \"\" }\n  name     = \"${var.tag}-%{ if true }a%{ endif }\"\n}\n",
            "tag",
        ),
        (
            "main.tf",
            "variable \"tag\" {\n  nullable = false\n  ephemeral = false\n  default = \"OLD\" /* end */\n}\n\noutput \"x\" {\n  value = provider::aws::arn_parse(var.arn)\n}\n",
            "tag",
        ),
        (
            "v.tf",
            "variable \"tag\" {\n  description = <<-EOT\n    default = \"OLD\"\n  EOT\n  default = \"OLD\"\n}\n",
            "tag",
        ),
    ] {
        let (old, new) = changed(file, text, &format!("{assignment}=1.2.3"));
        assert_eq!((old.as_str(), new.as_str()), ("OLD", "1.2.3"), "{text}");
    }
}

#[test]
fn values_are_escaped_and_empty_ones_can_be_filled() {
    assert_eq!(
        changed("a.tfvars", "tag = \"\"\n", "tag=1"),
        (String::new(), "1".to_owned())
    );
    let quotes = (String::new(), "a\\\"b\\\\c".to_owned());
    assert_eq!(changed("a.tfvars", "tag = \"\"", r#"tag=a"b\c"#), quotes);
}

#[test]
fn several_variables_change_in_one_edit() {
    let text = "keycloak_image_tag    = \"\"\nkeycloak_image_digest = \"\"\n";
    let edited = edit(
        "a.auto.tfvars",
        text.as_bytes(),
        &wanted("keycloak_image_tag=1.2.3\nkeycloak_image_digest=sha256:abc"),
    )
    .unwrap();
    assert_eq!(
        String::from_utf8(edited.bytes).unwrap(),
        "keycloak_image_tag    = \"1.2.3\"\nkeycloak_image_digest = \"sha256:abc\"\n"
    );
    assert_eq!((edited.changes[0].line, edited.changes[1].line), (1, 2));
}

#[test]
fn a_value_that_is_there_is_left_as_it_is_written() {
    let text = "tag = \"\\u0031.2.3\"\n";
    let edited = edit("a.tfvars", text.as_bytes(), &wanted("tag=1.2.3")).unwrap();
    assert!(!edited.is_change());
    assert_eq!(edited.bytes, text.as_bytes());
}

#[test]
fn what_cannot_be_set_is_refused_with_its_line() {
    for (file, text, address, reason, line) in [
        ("a.tfvars", "", "tag", "has no variable tag", None),
        (
            "a.tfvars",
            "other = \"x\"\n",
            "tag",
            "has no variable tag",
            None,
        ),
        (
            "a.tfvars",
            "tag = \"a\"\ntag = \"b\"\n",
            "tag",
            "twice",
            Some(2),
        ),
        ("a.tfvars", "\ntag = 1\n", "tag", "a number", Some(2)),
        ("a.tfvars", "tag = true\n", "tag", "a boolean", Some(1)),
        ("a.tfvars", "tag = null\n", "tag", "null", Some(1)),
        ("a.tfvars", "tag = [\"a\"]\n", "tag", "a list", Some(1)),
        (
            "a.tfvars",
            "tag = { a = \"b\" }\n",
            "tag",
            "a map or object",
            Some(1),
        ),
        (
            "a.tfvars",
            "tag = <<EOT\n1\nEOT\n",
            "tag",
            "a heredoc",
            Some(1),
        ),
        (
            "a.tfvars",
            "tag = \"v${var.x}\"\n",
            "tag",
            "a template",
            Some(1),
        ),
        ("a.tfvars", "tag = (\"a\")\n", "tag", "parentheses", Some(1)),
        (
            "a.tfvars",
            "tag = var.other\n",
            "tag",
            "a reference",
            Some(1),
        ),
        ("a.tfvars", "tag = lower(\"A\")\n", "tag", "a call", Some(1)),
        (
            "a.tfvars",
            "tag = true ? \"a\" : \"b\"\n",
            "tag",
            "a computed value",
            Some(1),
        ),
        (
            "a.tfvars",
            "tag = [for x in y : x]\n",
            "tag",
            "a for expression",
            Some(1),
        ),
        (
            "a.tfvars",
            "tag = \"a\"\n",
            "tag.b",
            "has no key b",
            Some(1),
        ),
        (
            "a.tfvars",
            "tag = {\n  a = \"b\"\n}\n",
            "tag.b",
            "has no key b",
            Some(1),
        ),
        (
            "a.tfvars",
            "tag = {\n  a = \"b\"\n  \"a\" = \"c\"\n}\n",
            "tag.a",
            "twice",
            Some(3),
        ),
        (
            "a.tfvars",
            "tag = {\n  a = \"b\"\n  a = \"c\"\n}\n",
            "tag.a",
            "twice",
            Some(3),
        ),
        (
            "a.tfvars",
            "tag = merge({ a = \"b\" }, {})\n",
            "tag.a",
            "a call",
            Some(1),
        ),
        (
            "a.tfvars",
            "tag = \"a\"\nbroken =\n",
            "tag",
            "not valid HCL",
            Some(2),
        ),
        (
            "a.tf",
            "locals {\n  tag = \"a\"\n}\n",
            "tag",
            "a local value",
            Some(2),
        ),
        ("a.tf", "tag = \"a\"\n", "tag", "has no variable tag", None),
        (
            "a.tf",
            "variable \"tag\" {}\n",
            "tag",
            "has no default",
            Some(1),
        ),
        (
            "a.tf",
            "variable \"tag\" {\n  default = \"a\"\n}\nvariable \"tag\" {\n}\n",
            "tag",
            "declared twice",
            Some(4),
        ),
        (
            "a.tf",
            "variable \"tag\" {\n  default = \"a\"\n  default = \"b\"\n}\n",
            "tag",
            "twice",
            Some(3),
        ),
        ("a.tfvars.json", "{}", "tag", "is JSON", None),
        ("a.tf.json", "{}", "tag", "is JSON", None),
        ("values.yml", "tag: a", "tag", "neither", None),
    ] {
        let (message, at) = refused(file, text, &format!("{address}=1.2.3"));
        assert!(message.contains(reason), "{text}: {message}");
        assert_eq!(at, line, "{text}: {message}");
    }
}

#[test]
fn a_file_that_is_not_utf_8_is_refused_with_its_line() {
    let error = edit("a.tfvars", b"a = 1\nb = \"\xff\"\n", &wanted("a=1")).unwrap_err();
    assert_eq!(error.place().unwrap().line, Some(2));
}
