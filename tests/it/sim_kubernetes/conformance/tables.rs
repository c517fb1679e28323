//! Tables, as kubectl prints them.

use serde_json::{Value, json};

use crate::sim_kubernetes::world::{VERSION, World, recorded};

use super::recording::{ask, facts, keys, versionless};

#[tokio::test]
async fn conformance_kubernetes_applications_table() {
    table("applications-table").await;
}

#[tokio::test]
async fn conformance_kubernetes_applications_table_none() {
    table("applications-table-none").await;
}

#[tokio::test]
async fn conformance_kubernetes_pods_table() {
    table("pods-table").await;
}

async fn table(name: &str) {
    let facts = facts(name);
    let body = ask(&World::new(), &facts).await.json().await;
    assert_eq!(json!(keys(&body)), facts["keys"]);
    let column = |c: &Value| json!([c["name"], c["type"], c["format"], c["priority"]]);
    let columns: Vec<Value> = body["columnDefinitions"].as_array().unwrap().iter().map(column).collect();
    assert_eq!(json!(columns), facts["columns"]);
    let rows = body["rows"].as_array().unwrap();
    let cells: Vec<&Value> = rows.iter().map(|r| &r["cells"]).collect();
    assert_eq!(json!(cells), facts["cells"]);
    assert_eq!(body["metadata"], json!({"resourceVersion": VERSION.to_string()}));
    let beside = if name == "pods-table" { "pods" } else { "applications" };
    for (row, recorded) in rows.iter().zip(recorded(beside)) {
        let object = &row["object"];
        if facts["object"].is_null() {
            assert!(object.is_null());
            continue;
        }
        let metadata = if recorded["metadata"].is_object() { recorded["metadata"].clone() } else { recorded };
        let (kind, version) = (&facts["object"]["kind"], &facts["object"]["apiVersion"]);
        assert_eq!(versionless(object), json!({"kind": kind, "apiVersion": version, "metadata": metadata}));
    }
}
