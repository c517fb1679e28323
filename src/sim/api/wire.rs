//! Objects in protobuf: what `kubectl create` makes by itself (`create deployment`, `create role`, …) it sends so, and
//! controllers tell their Events so.
//!
//! Only the messages and fields that those fill are known; unknown fields are passed over.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::protobuf::{Content, MAGIC, next};

/// A message a line: its name, then number, name and type of its fields. `text`, `int`, `bool` are left out when zero,
/// with `?` they are kept; `map` is of texts, `bytes` of base64, `amounts` of quantities; `*` marks lists; what is named `.` has its fields stand
/// in their owner's place.
const MESSAGES: &str = "\
ObjectMeta: 1 name text, 2 generateName text, 3 namespace text, 11 labels map, 12 annotations map, \
13 ownerReferences OwnerReference*, 14 finalizers text*
OwnerReference: 1 kind text, 3 name text, 4 uid text, 5 apiVersion text, 6 controller bool?, 7 blockOwnerDeletion bool?
ConfigMap: 1 metadata ObjectMeta, 2 data map, 3 binaryData bytes, 4 immutable bool?
Secret: 1 metadata ObjectMeta, 2 data bytes, 3 type text, 4 stringData map, 5 immutable bool?
Namespace: 1 metadata ObjectMeta
ServiceAccount: 1 metadata ObjectMeta
Service: 1 metadata ObjectMeta, 2 spec ServiceSpec
ServiceSpec: 1 ports ServicePort*, 2 selector map, 3 clusterIP text, 4 type text, 5 externalIPs text*, \
7 sessionAffinity text, 10 externalName text
ServicePort: 1 name text, 2 protocol text, 3 port int, 4 targetPort IntOrString, 5 nodePort int
LabelSelector: 1 matchLabels map, 2 matchExpressions LabelSelectorRequirement*
LabelSelectorRequirement: 1 key text, 2 operator text, 3 values text*
Deployment: 1 metadata ObjectMeta, 2 spec DeploymentSpec
DeploymentSpec: 1 replicas int?, 2 selector LabelSelector, 3 template PodTemplateSpec, 5 minReadySeconds int, \
6 revisionHistoryLimit int?, 7 paused bool, 9 progressDeadlineSeconds int?
PodTemplateSpec: 1 metadata ObjectMeta, 2 spec PodSpec
Pod: 1 metadata ObjectMeta, 2 spec PodSpec
PodSpec: 2 containers Container*, 3 restartPolicy text, 4 terminationGracePeriodSeconds int?, 6 dnsPolicy text, \
7 nodeSelector map, 8 serviceAccountName text, 10 nodeName text, 20 initContainers Container*
Container: 1 name text, 2 image text, 3 command text*, 4 args text*, 5 workingDir text, 6 ports ContainerPort*, \
7 env EnvVar*, 8 resources ResourceRequirements, 14 imagePullPolicy text, 16 stdin bool, 17 stdinOnce bool, 18 tty bool
ResourceRequirements: 1 limits amounts, 2 requests amounts
ContainerPort: 1 name text, 2 hostPort int, 3 containerPort int, 4 protocol text
EnvVar: 1 name text, 2 value text
Job: 1 metadata ObjectMeta, 2 spec JobSpec
JobSpec: 1 parallelism int?, 2 completions int?, 3 activeDeadlineSeconds int?, 4 selector LabelSelector, \
5 manualSelector bool?, 6 template PodTemplateSpec, 7 backoffLimit int?, 8 ttlSecondsAfterFinished int?
CronJob: 1 metadata ObjectMeta, 2 spec CronJobSpec
CronJobSpec: 1 schedule text, 2 startingDeadlineSeconds int?, 3 concurrencyPolicy text, 4 suspend bool?, \
5 jobTemplate JobTemplateSpec, 6 successfulJobsHistoryLimit int?, 7 failedJobsHistoryLimit int?, 8 timeZone text
JobTemplateSpec: 1 metadata ObjectMeta, 2 spec JobSpec
ResourceQuota: 1 metadata ObjectMeta, 2 spec ResourceQuotaSpec
ResourceQuotaSpec: 1 hard amounts, 2 scopes text*
PodDisruptionBudget: 1 metadata ObjectMeta, 2 spec PodDisruptionBudgetSpec
PodDisruptionBudgetSpec: 1 minAvailable IntOrString?, 2 selector LabelSelector, 3 maxUnavailable IntOrString?
Ingress: 1 metadata ObjectMeta, 2 spec IngressSpec
IngressSpec: 1 defaultBackend IngressBackend, 2 tls IngressTLS*, 3 rules IngressRule*, 4 ingressClassName text
IngressTLS: 1 hosts text*, 2 secretName text
IngressRule: 1 host text, 2 . IngressRuleValue
IngressRuleValue: 1 http HTTPIngressRuleValue
HTTPIngressRuleValue: 1 paths HTTPIngressPath*
HTTPIngressPath: 1 path text, 2 backend IngressBackend, 3 pathType text
IngressBackend: 4 service IngressServiceBackend
IngressServiceBackend: 1 name text, 2 port ServiceBackendPort
ServiceBackendPort: 1 name text, 2 number int
HorizontalPodAutoscaler: 1 metadata ObjectMeta, 2 spec HorizontalPodAutoscalerSpec
HorizontalPodAutoscalerSpec: 1 scaleTargetRef CrossVersionObjectReference, 2 minReplicas int?, 3 maxReplicas int, \
4 targetCPUUtilizationPercentage int?
CrossVersionObjectReference: 1 kind text, 2 name text, 3 apiVersion text
PolicyRule: 1 verbs text*, 2 apiGroups text*, 3 resources text*, 4 resourceNames text*, 5 nonResourceURLs text*
Role: 1 metadata ObjectMeta, 2 rules PolicyRule*
ClusterRole: 1 metadata ObjectMeta, 2 rules PolicyRule*
Subject: 1 kind text, 2 apiGroup text, 3 name text, 4 namespace text
RoleRef: 1 apiGroup text, 2 kind text, 3 name text
RoleBinding: 1 metadata ObjectMeta, 2 subjects Subject*, 3 roleRef RoleRef
ClusterRoleBinding: 1 metadata ObjectMeta, 2 subjects Subject*, 3 roleRef RoleRef
Event: 1 metadata ObjectMeta, 2 involvedObject ObjectReference, 3 reason text, 4 message text, 5 source EventSource, \
6 firstTimestamp Time, 7 lastTimestamp Time, 8 count int, 9 type text, 10 eventTime MicroTime, 12 action text, \
13 related ObjectReference, 14 reportingComponent text, 15 reportingInstance text
ObjectReference: 1 kind text, 2 namespace text, 3 name text, 4 uid text, 5 apiVersion text, 6 resourceVersion text, \
7 fieldPath text
EventSource: 1 component text, 2 host text";

/// An object in its envelope as JSON; none when it is no protobuf, or of a type that is not known here.
pub(super) fn object(bytes: &[u8]) -> Option<Value> {
    let envelope = bytes.strip_prefix(MAGIC)?;
    let (mut api_version, mut kind, mut raw) = (String::new(), String::new(), &[][..]);
    for (number, content) in fields(envelope)? {
        match (number, content) {
            (1, Content::Bytes(types)) => {
                for (number, content) in fields(types)? {
                    match number {
                        1 => api_version = text(content)?,
                        2 => kind = text(content)?,
                        _ => {}
                    }
                }
            }
            (2, Content::Bytes(content)) => raw = content,
            _ => {}
        }
    }
    let mut out = message(&kind, raw)?;
    out.insert("apiVersion".to_owned(), api_version.into());
    out.insert("kind".to_owned(), kind.into());
    Some(Value::Object(out))
}

fn fields(mut bytes: &[u8]) -> Option<Vec<(u64, Content<'_>)>> {
    let mut out = Vec::new();
    while !bytes.is_empty() {
        let (number, content, rest) = next(bytes)?;
        out.push((number, content));
        bytes = rest;
    }
    Some(out)
}

fn message(name: &str, bytes: &[u8]) -> Option<Map<String, Value>> {
    let known = MESSAGES.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))?;
    let mut out = Map::new();
    for (number, content) in fields(bytes)? {
        let wanted = number.to_string();
        let mut known = known.split(", ").map(|field| field.split(' ').collect::<Vec<_>>());
        let Some([_, field, kind]) = known.find(|f| f[0] == wanted).and_then(|f| <[&str; 3]>::try_from(f).ok()) else {
            continue;
        };
        match kind {
            "map" | "bytes" | "amounts" => {
                let (key, value) = entry(content, kind)?;
                if let Some(map) = out.entry(field).or_insert_with(|| Map::new().into()).as_object_mut() {
                    map.insert(key, value);
                }
            }
            _ if kind.ends_with('*') => {
                let value = value(kind.trim_end_matches('*'), content, true)?;
                if let Some(list) = out.entry(field).or_insert_with(|| Value::Array(Vec::new())).as_array_mut() {
                    list.push(value);
                }
            }
            _ => {
                let value = value(kind.trim_end_matches('?'), content, kind.ends_with('?'))?;
                if let (".", Value::Object(inner)) = (field, &value) {
                    out.extend(inner.clone());
                } else if !value.is_null() {
                    out.insert(field.to_owned(), value);
                }
            }
        }
    }
    Some(out)
}

/// A value of a type; null for a zero that need not be kept.
fn value(kind: &str, content: Content<'_>, keep: bool) -> Option<Value> {
    let number = |content: &Content<'_>| match content {
        Content::Number(number) => Some(number.cast_signed()),
        Content::Bytes(_) => None,
    };
    let found = match kind {
        "text" => Some(text(content)?).filter(|text| keep || !text.is_empty()).map(Value::from),
        "int" => Some(number(&content)?).filter(|n| keep || *n != 0).map(Value::from),
        "bool" => Some(number(&content)? != 0).filter(|b| keep || *b).map(Value::from),
        "IntOrString" => {
            let Content::Bytes(bytes) = content else { return None };
            let parts = fields(bytes)?;
            let is_text = parts.iter().any(|(at, content)| *at == 1 && matches!(content, Content::Number(1)));
            let of = |wanted| parts.iter().find(|(at, _)| *at == wanted).map(|(_, content)| *content);
            if is_text {
                Some(text(of(3)?)?.into())
            } else {
                of(2).and_then(|c| number(&c)).filter(|n| keep || *n != 0).map(Value::from)
            }
        }
        "Time" | "MicroTime" => {
            let Content::Bytes(bytes) = content else { return None };
            let parts = fields(bytes)?;
            let of = |wanted| parts.iter().find(|(at, _)| *at == wanted).and_then(|(_, content)| number(content));
            // no moment at all is an empty message
            match of(1) {
                Some(seconds) => Some(moment(kind, seconds, of(2).unwrap_or_default())?.into()),
                None => None,
            }
        }
        name => {
            let Content::Bytes(bytes) = content else { return None };
            Some(Value::Object(message(name, bytes)?))
        }
    };
    Some(found.unwrap_or_default())
}

/// A moment as JSON has it: to the second, or to the microsecond.
fn moment(kind: &str, seconds: i64, nanos: i64) -> Option<String> {
    let at = Timestamp::new(seconds, i32::try_from(nanos).ok()?).ok()?;
    Some(if kind == "Time" { format!("{at:.0}") } else { format!("{at:.6}") })
}

fn entry(content: Content<'_>, kind: &str) -> Option<(String, Value)> {
    let Content::Bytes(bytes) = content else { return None };
    let (mut key, mut value) = (String::new(), Value::from(""));
    for (number, content) in fields(bytes)? {
        match (number, content) {
            (1, _) => key = text(content)?,
            (2, Content::Bytes(bytes)) if kind == "bytes" => value = STANDARD.encode(bytes).into(),
            (2, Content::Bytes(bytes)) if kind == "amounts" => {
                value = fields(bytes)?
                    .into_iter()
                    .find(|(number, _)| *number == 1)
                    .and_then(|(_, content)| text(content))?
                    .into();
            }
            (2, _) => value = text(content)?.into(),
            _ => {}
        }
    }
    Some((key, value))
}

fn text(content: Content<'_>) -> Option<String> {
    let Content::Bytes(bytes) = content else { return None };
    String::from_utf8(bytes.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_is_read() {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(b"\x0a\x0f\x0a\x02v1\x12\x09ConfigMap");
        bytes.extend(b"\x12\x14\x0a\x09\x0a\x05hello\x12\x00\x12\x07\x0a\x01a\x12\x02xy");
        let expected =
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "hello"}, "data": {"a": "xy"}});
        assert_eq!(object(&bytes), Some(expected));
        assert_eq!(object(b"{}"), None);
    }

    #[test]
    fn an_event_is_read_with_its_moments() {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(b"\x0a\x0b\x0a\x02v1\x12\x05Event");
        let event = b"\x12\x0d\x0a\x03Pod\x12\x02ns\x1a\x02p1\x1a\x04Told\x32\x04\x08\x01\x10\x05\x3a\x00\x40\x01\x52\x04\x08\x02\x10\x00";
        bytes.extend([0x12, u8::try_from(event.len()).unwrap()]);
        bytes.extend(event);
        let expected = json!({"apiVersion": "v1", "kind": "Event", "reason": "Told", "count": 1,
            "involvedObject": {"kind": "Pod", "namespace": "ns", "name": "p1"},
            "firstTimestamp": "1970-01-01T00:00:01Z", "eventTime": "1970-01-01T00:00:02.000000Z"});
        assert_eq!(object(&bytes), Some(expected));
    }

    #[test]
    fn every_message_that_is_named_is_known() {
        for line in MESSAGES.lines() {
            let (name, _) = line.split_once(": ").unwrap();
            assert_eq!(MESSAGES.lines().filter(|l| l.starts_with(&format!("{name}: "))).count(), 1, "{name}");
            for field in line.split_once(": ").unwrap().1.split(", ") {
                let kind = field.rsplit(' ').next().unwrap().trim_end_matches(['*', '?']);
                let plain = ["text", "int", "bool", "map", "bytes", "amounts", "IntOrString", "Time", "MicroTime"]
                    .contains(&kind);
                assert!(plain || MESSAGES.lines().any(|l| l.starts_with(&format!("{kind}: "))), "{kind}");
            }
        }
    }

    proptest! {
        #[test]
        fn nonsense_is_never_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            for name in ["Deployment", "Service", "ConfigMap", "Event"] {
                let _ = message(name, &bytes);
            }
            let _ = object(&[MAGIC, &bytes].concat());
        }
    }
}
