//! What is wrong on the command line and in files: said, with what to try, and exit code 2.

use super::world::Still;

#[test]
fn what_is_wrong_is_said_with_what_to_try() {
    let world = Still::new(&["minikube"], 1);
    let config = world.kubeconfig().with_file_name("config.toml");
    let file = config.to_str().unwrap();
    let cases: [(&[&str], &str, &[&str]); 4] = [
        (&["get", "apps", "--context", "minikub"], "", &["no context `minikub`", "minikube"]),
        (&["get", "apps", "--config", "/nowhere/config.toml"], "", &["/nowhere/config.toml", "--config"]),
        (&["snapshot", "--view", "bord"], "", &["bord", "board"]),
        (&["get", "apps", "--timeout", "5"], "", &["90s"]),
    ];
    for (arguments, text, told) in cases {
        std::fs::write(file, text).unwrap();
        let done = world.run(arguments);
        let err = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(2), "{arguments:?}: {err}");
        assert!(done.stdout.is_empty() && told.iter().all(|word| err.contains(word)), "{arguments:?}: {err}");
    }
}

#[test]
fn an_unknown_field_of_the_settings_is_named_with_its_line_and_the_rest_applies() {
    let world = Still::new(&["minikube"], 1);
    let config = world.kubeconfig().with_file_name("config.toml");
    std::fs::write(&config, "ascii = true\nthem = \"light\"\n").unwrap();
    let done = world.run(&["snapshot", "--config", config.to_str().unwrap(), "--size", "80x24"]);
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(err.contains("config.toml:2:") && err.contains("theme"), "{err}");
    assert!(out.is_ascii() && out.contains("app00"), "{out}");
}

#[test]
fn a_snapshot_of_what_is_read_first_is_read() {
    let world = Still::new(&["dev"], 3);
    let shown =
        [("deployments", "has no earlier deployment"), ("plan", "Sync app00-dev"), ("audit", "Nothing was written")];
    for (view, wanted) in shown {
        let done = world.run(&["snapshot", "--view", view, "--app", "app00-dev", "--size", "100x24"]);
        let text = String::from_utf8(done.stdout).unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(text.contains(wanted) && !text.contains("being"), "{view}: {text}{said}");
    }
    let done = world.run(&["snapshot", "--view", "plan"]);
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(said.contains("which Application?") && said.contains("--view plan --app NAME"), "{said}");
}

#[test]
fn a_snapshot_has_the_lines_that_were_asked_for() {
    let world = Still::new(&["minikube"], 3);
    for (size, lines) in [("80x24", 24), ("40x10", 10), ("120x40", 40)] {
        for view in ["board", "fleet", "links", "help"] {
            let done = world.run(&["snapshot", "--view", view, "--size", size]);
            assert_eq!(done.status.code(), Some(0));
            let text = String::from_utf8(done.stdout).unwrap();
            assert_eq!(text.lines().count(), lines, "{view} {size}");
            assert!(!text.contains('\x1b'), "{text:?}");
        }
    }
}
