//! Calls that change nothing, each held against its recording.

use super::scene::shared;

macro_rules! same {
    ($($test:ident: $name:literal;)*) => {$(
        #[test]
        fn $test() {
            let (runtime, scene) = shared();
            runtime.block_on(scene.same($name));
        }
    )*};
}

same! {
    conformance_api_accounts: "api/accounts";
    conformance_api_application: "api/application";
    conformance_api_application_hard_refresh: "api/application-hard-refresh";
    conformance_api_application_missing: "api/application-missing";
    conformance_api_application_missing_developer: "api/application-missing-developer";
    conformance_api_application_refresh: "api/application-refresh";
    conformance_api_application_wrong_project: "api/application-wrong-project";
    conformance_api_applications: "api/applications";
    conformance_api_applications_developer: "api/applications-developer";
    conformance_api_applications_fields: "api/applications-fields";
    conformance_api_applications_project: "api/applications-project";
    conformance_api_applications_selector: "api/applications-selector";
    conformance_api_applicationset: "applicationset/applicationset";
    conformance_api_applicationset_tree: "applicationset/applicationset-tree";
    conformance_api_applicationsets: "api/applicationsets";
    conformance_api_actions_list: "rollout/actions-list";
    conformance_api_bad_token: "api/bad-token";
    conformance_api_can_i_bad_action: "api/can-i-bad-action";
    conformance_api_can_i_bad_action_developer: "api/can-i-bad-action-developer";
    conformance_api_can_i_get: "api/can-i-get";
    conformance_api_can_i_get_developer: "api/can-i-get-developer";
    conformance_api_can_i_rollback_prod: "api/can-i-rollback-prod";
    conformance_api_can_i_rollback_prod_developer: "api/can-i-rollback-prod-developer";
    conformance_api_can_i_sync_dev: "api/can-i-sync-dev";
    conformance_api_can_i_sync_dev_developer: "api/can-i-sync-dev-developer";
    conformance_api_can_i_sync_prod: "api/can-i-sync-prod";
    conformance_api_can_i_sync_prod_developer: "api/can-i-sync-prod-developer";
    conformance_api_clusters: "api/clusters";
    conformance_api_links: "api/links-backend-dev";
    conformance_api_managed_resources: "api/managed-resources-backend-dev";
    conformance_api_manifests: "api/manifests-backend-dev";
    conformance_api_manifests_old_revision: "api/manifests-old-revision";
    conformance_api_notifications_services: "api/notifications-services";
    conformance_api_notifications_triggers: "api/notifications-triggers";
    conformance_api_patch_autosync_developer: "api/patch-autosync-developer";
    conformance_api_project_detailed: "api/project-detailed";
    conformance_api_projects: "api/projects";
    conformance_api_repositories: "api/repositories";
    conformance_api_resource: "api/resource";
    conformance_api_resource_missing: "api/resource-missing";
    conformance_api_resource_tree: "api/resource-tree-backend-dev";
    conformance_api_revision_metadata: "api/revision-metadata";
    conformance_api_revision_metadata_bad: "api/revision-metadata-bad";
    conformance_api_rollback_refused_autosync: "rollback/rollback-refused-autosync";
    conformance_api_rollback_unknown_id: "rollback/rollback-unknown-id";
    conformance_api_session_bad: "api/session-bad";
    conformance_api_settings: "api/settings";
    conformance_api_settings_anonymous: "api/settings-anonymous";
    conformance_api_sync_bad_revision: "api/sync-bad-revision";
    conformance_api_sync_developer_prod: "api/sync-developer-prod";
    conformance_api_sync_other_revision_autosync: "api/sync-other-revision-autosync";
    conformance_api_sync_wrong_content_type: "api/sync-wrong-content-type";
    conformance_api_syncwindows: "api/syncwindows-backend-dev";
    conformance_api_terminate_nothing: "hook-hangs/terminate-nothing";
    conformance_api_terminate_without_content_type: "hook-hangs/terminate-without-content-type";
    conformance_api_unauthenticated: "api/unauthenticated";
    conformance_api_unknown_path: "api/unknown-path";
    conformance_api_userinfo: "api/userinfo";
    conformance_api_userinfo_developer: "api/userinfo-developer";
    conformance_api_version: "api/version";
}

/// Nobody reads a Secret's value here, nor what was applied last.
#[test]
fn conformance_api_resource_secret() {
    let (runtime, scene) = shared();
    let body = runtime.block_on(scene.same("api/resource-secret"));
    let manifest = body["manifest"].as_str().unwrap();
    assert!(manifest.contains("++++++++") && !manifest.contains("aHVudGVyMg"), "{manifest}");
}

/// What is kept of health is in the single answer and not in the list.
#[test]
fn health_of_resources_is_shown_one_at_a_time() {
    let (runtime, scene) = shared();
    runtime.block_on(async {
        let one = scene.get("admin", "/api/v1/applications/backend-dev").await.json().await;
        let rows = one["status"]["resources"].as_array().unwrap();
        assert!(rows.iter().any(|row| row["kind"] == "Deployment" && row["health"]["status"] == "Healthy"), "{rows:?}");
        let all = scene.get("admin", "/api/v1/applications").await.json().await;
        let rows =
            all["items"].as_array().unwrap().iter().flat_map(|app| app["status"]["resources"].as_array().unwrap());
        assert!(rows.into_iter().all(|row| row.get("health").is_none()));
    });
}

/// An edit by hand is seen from all sides.
#[test]
fn drift_shows_what_is_and_what_would_be() {
    let (runtime, scene) = shared();
    runtime.block_on(async {
        scene.store().update("ConfigMap", "predator12-prod", "backend-config", |map| {
            map["data"]["LOG_LEVEL"] = "trace".into();
        });
        let path = "/api/v1/applications/backend-prod/managed-resources?kind=ConfigMap&name=backend-config";
        let body = scene.get("admin", path).await.json().await;
        let items = body["items"].as_array().unwrap();
        assert_eq!((items.len(), &items[0]["modified"]), (1, &serde_json::json!(true)));
        let level = |state: &str| {
            let object: serde_json::Value = items[0][state].as_str().unwrap().parse().unwrap();
            object["data"]["LOG_LEVEL"].clone()
        };
        assert_eq!([level("liveState"), level("normalizedLiveState")], ["trace", "trace"]);
        assert_eq!([level("targetState"), level("predictedLiveState")], ["warning", "warning"]);
    });
}
