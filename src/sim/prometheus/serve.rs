//! The HTTP API of a Prometheus, on loopback.

use super::query::{self, Matcher, QueryError, Value as Answer};
use super::series::{Labels, Shelf};
use crate::sim::door::Door;
use crate::sim::time::{SimClock, minus};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Steps a range query may have.
const STEPS: i64 = 11_000;
/// What series are looked for when nobody says since when.
const LOOKED: Duration = Duration::from_hours(1);

/// A Prometheus that is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Served(SocketAddr);

impl Served {
    /// Where it listens.
    #[must_use]
    pub fn address(self) -> SocketAddr {
        self.0
    }

    /// `http://127.0.0.1:port`.
    #[must_use]
    pub fn url(self) -> String {
        format!("http://{}", self.0)
    }
}

/// Serves a shelf on a free port of loopback, by the world's clock.
///
/// # Errors
/// When no port can be had.
pub fn serve(shelf: Shelf, clock: SimClock, tasks: &mut JoinSet<()>) -> std::io::Result<Served> {
    let door = Door::open(0)?;
    let address = door.address();
    tasks.spawn(door.admit("the simulated Prometheus", move |stream| connection(stream, shelf.clone(), clock.clone())));
    Ok(Served(address))
}

async fn connection(stream: TcpStream, shelf: Shelf, clock: SimClock) {
    let service = service_fn(|request| answer(request, &shelf, &clock));
    let served = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    if let Err(error) = served.await {
        tracing::debug!(%error, "a connection to the simulated Prometheus ended");
    }
}

/// Why a request is refused: the status, `errorType` and `error`.
struct Refused(StatusCode, &'static str, String);

fn bad(error: impl Into<String>) -> Refused {
    Refused(StatusCode::BAD_REQUEST, "bad_data", error.into())
}

fn wrong(parameter: &str, why: &impl std::fmt::Display) -> Refused {
    bad(format!("invalid parameter \"{parameter}\": {why}"))
}

async fn answer(
    request: Request<Incoming>,
    shelf: &Shelf,
    clock: &SimClock,
) -> Result<Response<Full<Bytes>>, std::convert::Infallible> {
    let path = request.uri().path().to_owned();
    let mut form = read_form(request.uri().query().unwrap_or_default());
    let method = request.method().clone();
    if method == Method::POST {
        let body = Limited::new(request.into_body(), 1 << 20).collect().await;
        let body = body.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        form.extend(read_form(&String::from_utf8_lossy(&body)));
    }
    if matches!(path.as_str(), "/-/healthy" | "/-/ready") {
        let word = if path == "/-/healthy" { "Healthy" } else { "Ready" };
        return Ok(reply(StatusCode::OK, "text/plain; charset=utf-8", format!("Prometheus Server is {word}.\n")));
    }
    if !matches!(method, Method::GET | Method::POST) {
        return Ok(reply(
            StatusCode::METHOD_NOT_ALLOWED,
            "text/plain; charset=utf-8",
            "Method Not Allowed\n".to_owned(),
        ));
    }
    shelf.ask();
    let asked = Asked { form, shelf, now: clock.now() };
    let said = match path.strip_prefix("/api/v1/") {
        Some("query") => asked.query(),
        Some("query_range") => asked.query_range(),
        Some("series") => asked.series(),
        Some("labels") => asked.labels(),
        Some("status/buildinfo") => Ok(json!({"version": "3.5.0", "goVersion": "go1.24.4"})),
        Some(other) => match other.strip_prefix("label/").and_then(|rest| rest.strip_suffix("/values")) {
            Some(label) => asked.values(label),
            None => {
                return Ok(reply(
                    StatusCode::NOT_FOUND,
                    "text/plain; charset=utf-8",
                    "404 page not found\n".to_owned(),
                ));
            }
        },
        None => {
            return Ok(reply(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "404 page not found\n".to_owned()));
        }
    };
    let (status, body) = match said {
        Ok(data) => (StatusCode::OK, json!({"status": "success", "data": data})),
        Err(Refused(status, kind, error)) => (status, json!({"status": "error", "errorType": kind, "error": error})),
    };
    Ok(reply(status, "application/json", body.to_string()))
}

fn reply(status: StatusCode, kind: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    response
}

/// A request, read.
struct Asked<'a> {
    form: Vec<(String, String)>,
    shelf: &'a Shelf,
    now: Timestamp,
}

impl Asked<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A moment in milliseconds: seconds since 1970, or RFC 3339.
    fn moment(&self, name: &str) -> Result<Option<i64>, Refused> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let seconds = text.parse::<f64>().ok().filter(|seconds| seconds.is_finite());
        let parsed = seconds.map(|seconds| (seconds * 1000.0).round() as i64);
        let parsed = parsed.or_else(|| text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond));
        parsed.map(Some).ok_or_else(|| wrong(name, &format!("cannot parse {text:?} to a valid timestamp")))
    }

    fn expression(&self) -> Result<query::Expr, Refused> {
        query::parse(self.get("query").unwrap_or_default()).map_err(|error| wrong("query", &error))
    }

    fn query(&self) -> Result<Value, Refused> {
        let at = self.moment("time")?.unwrap_or(self.now.as_millisecond());
        let answer = query::instant(self.shelf, &self.expression()?, at);
        let answer =
            answer.map_err(|error| Refused(StatusCode::UNPROCESSABLE_ENTITY, "execution", error.to_string()))?;
        Ok(match answer {
            Answer::Scalar(value) => json!({"resultType": "scalar", "result": sample(at, value)}),
            Answer::Vector(all) => {
                let all = all.iter().map(|(labels, value)| json!({"metric": labels, "value": sample(at, *value)}));
                json!({"resultType": "vector", "result": all.collect::<Vec<_>>()})
            }
            Answer::Matrix(all) => matrix(&all),
        })
    }

    fn query_range(&self) -> Result<Value, Refused> {
        let missing = |name: &str| wrong(name, &"cannot parse \"\" to a valid timestamp");
        let start = self.moment("start")?.ok_or_else(|| missing("start"))?;
        let end = self.moment("end")?.ok_or_else(|| missing("end"))?;
        if end < start {
            return Err(wrong("end", &"end timestamp must not be before start time"));
        }
        let text = self.get("step").unwrap_or_default();
        let step = text.parse::<f64>().ok().map(|seconds| (seconds * 1000.0) as i64).or_else(|| query::duration(text));
        let step = step.ok_or_else(|| wrong("step", &format!("cannot parse {text:?} to a valid duration")))?;
        if step <= 0 {
            let why = "zero or negative query resolution step widths are not accepted. Try a positive integer";
            return Err(wrong("step", &why));
        }
        if (end - start) / step > STEPS {
            return Err(bad(
                "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution \
                 (?step=XX)",
            ));
        }
        let expr = self.expression()?;
        let all = query::range(self.shelf, &expr, (start, end, step));
        let all = all.map_err(|error| bad(error.to_string()))?;
        Ok(matrix(&all))
    }

    /// The labels of the series that `match[]` names and that were there.
    fn matching(&self, needed: bool) -> Result<Vec<Labels>, Refused> {
        let selectors: Result<Vec<Vec<Matcher>>, QueryError> =
            self.form.iter().filter(|(key, _)| key == "match[]").map(|(_, text)| query::selector(text)).collect();
        let selectors = selectors.map_err(|error| wrong("match[]", &error))?;
        if needed && selectors.is_empty() {
            return Err(bad("no match[] parameter provided"));
        }
        let from = self.moment("start")?.unwrap_or(minus(self.now, LOOKED).as_millisecond());
        let to = self.moment("end")?.unwrap_or(self.now.as_millisecond());
        let fits = |labels: &Labels| {
            selectors.is_empty() || selectors.iter().any(|one| one.iter().all(|matcher| matcher.fits(labels)))
        };
        let found = self.shelf.select(fits);
        Ok(found.into_iter().filter(|(_, series)| series.was_there(from, to)).map(|(labels, _)| labels).collect())
    }

    fn series(&self) -> Result<Value, Refused> {
        Ok(json!(self.matching(true)?))
    }

    fn labels(&self) -> Result<Value, Refused> {
        let names: BTreeSet<String> = self.matching(false)?.into_iter().flat_map(Labels::into_keys).collect();
        Ok(json!(names))
    }

    fn values(&self, label: &str) -> Result<Value, Refused> {
        let found = self.matching(false)?;
        let values: BTreeSet<&String> = found.iter().filter_map(|labels| labels.get(label)).collect();
        Ok(json!(values))
    }
}

fn matrix(all: &[(Labels, Vec<(i64, f64)>)]) -> Value {
    let one = |(labels, samples): &(Labels, Vec<(i64, f64)>)| json!({"metric": labels, "values": samples.iter().map(|(at, value)| sample(*at, *value)).collect::<Vec<_>>()});
    json!({"resultType": "matrix", "result": all.iter().map(one).collect::<Vec<_>>()})
}

fn sample(at: i64, value: f64) -> Value {
    let text = if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
    } else {
        value.to_string()
    };
    let at = if at % 1000 == 0 { json!(at / 1000) } else { json!(at as f64 / 1000.0) };
    json!([at, text])
}

/// Fields of a query string or a form.
fn read_form(text: &str) -> Vec<(String, String)> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (plain(key), plain(value)))
        .collect()
}

fn plain(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let escaped = || {
            let digits = rest.clone().take(2).collect::<Vec<u8>>();
            u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok().filter(|_| digits.len() == 2)
        };
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => match escaped() {
                Some(byte) => {
                    bytes.push(byte);
                    rest.next();
                    rest.next();
                }
                None => bytes.push(b'%'),
            },
            byte => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_read_as_browsers_write_them() {
        assert_eq!(
            read_form("query=a%3D%22b+c%22&x&y=%zz"),
            [
                ("query".to_owned(), "a=\"b c\"".to_owned()),
                ("x".to_owned(), String::new()),
                ("y".to_owned(), "%zz".to_owned())
            ]
        );
        assert_eq!(sample(1_500, f64::INFINITY), json!([1.5, "+Inf"]));
        assert_eq!(sample(2_000, 0.25), json!([2, "0.25"]));
    }
}
