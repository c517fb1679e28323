//! Answers that are the recorded ones, word for word.

use super::recording::same;
use crate::sim_kubernetes::world::World;

macro_rules! same {
    ($($test:ident: $name:literal;)*) => {$(
        #[tokio::test]
        async fn $test() {
            same(&World::new(), $name).await;
        }
    )*};
}

same! {
    conformance_kubernetes_anonymous: "anonymous";
    conformance_kubernetes_bad_token: "bad-token";
    conformance_kubernetes_forbidden: "forbidden";
    conformance_kubernetes_not_found: "not-found";
    conformance_kubernetes_status_subresource: "status-subresource";
    conformance_kubernetes_bad_continue: "bad-continue";
    conformance_kubernetes_field_selector_bad: "field-selector-bad";
    conformance_kubernetes_label_selector_bad: "label-selector-bad";
    conformance_kubernetes_version: "version";
}
