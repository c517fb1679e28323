//! What is said on the error channel when a command has ended.

use serde::Serialize;

use super::exec::Protocol;

/// The `Status` in the order in which Go writes its fields.
#[derive(Default, Serialize)]
#[expect(clippy::struct_field_names, reason = "named as the API names them")]
struct Status<'a> {
    metadata: Metadata,
    status: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    message: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Details<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u16>,
}

#[derive(Default, Serialize)]
struct Metadata {}

#[derive(Serialize)]
struct Details<'a> {
    causes: [Cause<'a>; 1],
}

#[derive(Serialize)]
struct Cause<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    reason: &'a str,
    message: &'a str,
}

/// The command ended with 0.
pub(super) fn success() -> String {
    text(&Status { status: "Success", ..Status::default() })
}

/// The command ended with another code.
pub(super) fn exit(protocol: Protocol, command: &[String], code: i32) -> String {
    let why = match protocol {
        // v5 is translated by the API server, which says it in its own words
        Protocol::V5 => format!("command terminated with exit code {code}"),
        Protocol::V4 | Protocol::V1 => {
            format!("error executing command [{}], exit code {code}", command.join(" "))
        }
    };
    if protocol == Protocol::V1 {
        return why;
    }
    text(&Status {
        status: "Failure",
        message: &format!("command terminated with non-zero exit code: {why}"),
        reason: "NonZeroExitCode",
        details: Some(Details { causes: [Cause { reason: "ExitCode", message: &code.to_string() }] }),
        ..Status::default()
    })
}

/// The container `id` has no such program.
pub(super) fn no_such_program(protocol: Protocol, program: &str, id: &str) -> String {
    let why = if program.contains('/') {
        format!("stat {program}: no such file or directory")
    } else {
        "executable file not found in $PATH".to_owned()
    };
    let why = format!(
        "error executing command in container: failed to exec in container: failed to start exec \"{id}\": OCI runtime \
         exec failed: exec failed: unable to start container process: exec: \"{program}\": {why}: unknown"
    );
    match protocol {
        Protocol::V1 => why,
        Protocol::V4 => internal(&why),
        Protocol::V5 => internal(&format!("Internal error occurred: {why}")),
    }
}

/// The API server could not have the kubelet start anything.
pub(super) fn internal(why: &str) -> String {
    text(&Status {
        status: "Failure",
        message: &format!("Internal error occurred: {why}"),
        reason: "InternalError",
        details: Some(Details { causes: [Cause { reason: "", message: why }] }),
        code: Some(500),
        ..Status::default()
    })
}

/// As Go writes JSON: safe within HTML, which matters only to who counts bytes.
fn text(status: &Status<'_>) -> String {
    // texts and numbers can always be written
    serde_json::to_string(status)
        .unwrap_or_default()
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
}
