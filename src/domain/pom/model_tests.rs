//! Models of small sets of POMs.

use super::model::{Fault, Models, exact};
use super::parse::Dependency;

fn models(poms: &[(&str, &str)]) -> Models {
    let mut models = Models::default();
    for (coordinates, text) in poms {
        let text = format!("<project>{text}</project>");
        models.add(coordinates.parse().unwrap(), &text).unwrap();
    }
    models
}

fn dependency(artifact: &str, more: &str) -> String {
    format!(
        "<dependency><groupId>g</groupId><artifactId>{artifact}</artifactId>{more}</dependency>"
    )
}

fn managed(entries: &str) -> String {
    format!("<dependencyManagement><dependencies>{entries}</dependencies></dependencyManagement>")
}

const PARENT: &str =
    "<parent><groupId>g</groupId><artifactId>parent</artifactId><version>7</version></parent>";

#[test]
fn a_child_fills_in_the_variables_of_its_parent() {
    let parent = format!(
        "<properties><v>1</v><w>${{v}}.${{project.version}}</w></properties><dependencies>{}{}</dependencies>",
        dependency("a", "<version>${w}</version>"),
        dependency("b", "<version>${project.parent.version}</version>"),
    );
    let child = format!(
        "{PARENT}<artifactId>child</artifactId><version>8</version><properties><v>2</v></properties><dependencies>{}</dependencies>",
        dependency("b", "<version>9</version>")
    );
    let models = models(&[("g:child:8", &child), ("g:parent:7", &parent)]);
    let effective = models.effective(&"g:child:8".parse().unwrap()).unwrap();
    let seen: Vec<String> = effective
        .dependencies
        .iter()
        .map(|d| format!("{}:{}", d.artifact, d.version.as_deref().unwrap()))
        .collect();
    assert_eq!(seen, ["b:9", "a:2.8"]);
}

#[test]
fn what_a_pom_manages_goes_before_what_it_imports() {
    let bom = |version: &str, more: &str| {
        managed(&format!(
            "{}{more}",
            dependency("a", &format!("<version>{version}</version>"))
        ))
    };
    let import = |artifact: &str| {
        dependency(
            artifact,
            "<version>1</version><type>pom</type><scope>import</scope>",
        )
    };
    let own = dependency("own", "<version>3</version><scope>runtime</scope>");
    let theirs = dependency("own", "<version>4</version>");
    let wanted = ["a", "own"].map(|name| dependency(name, "")).concat();
    let root = format!(
        "{}<dependencies>{wanted}</dependencies>",
        managed(&format!("{}{}{own}", import("first"), import("second")))
    );
    let mut models = models(&[("g:root:1", &root)]);
    let root = "g:root:1".parse().unwrap();
    let Err(Fault::Need(need)) = models.effective(&root) else {
        panic!("BOMs are needed")
    };
    assert_eq!(need.len(), 2, "both at once: {need:?}");
    for (name, text) in [("first", bom("1", &theirs)), ("second", bom("2", ""))] {
        models
            .add(
                format!("g:{name}:1").parse().unwrap(),
                &format!("<project>{text}</project>"),
            )
            .unwrap();
    }
    let effective = models.effective(&root).unwrap();
    let seen: Vec<_> = effective
        .dependencies
        .iter()
        .map(|d| (d.version.as_deref(), d.scope.as_deref()))
        .collect();
    assert_eq!(seen, [(Some("1"), None), (Some("3"), Some("runtime"))]);
}

#[test]
fn what_can_mean_another_file_tomorrow_is_refused() {
    let with = |version: &str| Dependency {
        group: "g".to_owned(),
        artifact: "a".to_owned(),
        version: Some(version.to_owned()),
        ..Dependency::default()
    };
    assert_eq!(exact(&with("[1.2]")).unwrap().to_string(), "g:a:1.2");
    for version in ["[1,2)", "1-SNAPSHOT", "LATEST", "${unknown}"] {
        assert!(exact(&with(version)).is_err(), "{version}");
    }
    assert!(
        exact(&Dependency {
            version: None,
            ..with("")
        })
        .unwrap_err()
        .contains("no POM says a version")
    );
}

#[test]
fn circles_end() {
    let own_parent = format!("{PARENT}<artifactId>parent</artifactId>");
    let models = models(&[
        ("g:parent:7", &own_parent),
        (
            "g:a:1",
            "<properties><x>${y}</x><y>${x}</y></properties><dependencies><dependency><groupId>${x}</groupId><artifactId>b</artifactId></dependency></dependencies>",
        ),
    ]);
    let circle = models.effective(&"g:parent:7".parse().unwrap());
    assert!(matches!(circle, Err(Fault::Wrong(_))), "{circle:?}");
    assert!(models.effective(&"g:a:1".parse().unwrap()).is_ok());
}
