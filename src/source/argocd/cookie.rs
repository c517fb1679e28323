//! The session cookie: where argocd-server puts a token that takes the place of one about to end.

use http::{HeaderMap, header};

use super::token::Token;

/// The cookie a session is kept in, and renewed through.
const COOKIE: &str = "argocd.token";

/// The token of a `Set-Cookie`, put together again where it came in pieces (`argocd.token=2:…`, `argocd.token-1=…`).
pub(super) fn renewed(headers: &HeaderMap) -> Option<Token> {
    let cookies = headers.get_all(header::SET_COOKIE);
    let pairs: Vec<(&str, &str)> =
        cookies.iter().filter_map(|cookie| cookie.to_str().ok()?.split(';').next()?.trim().split_once('=')).collect();
    let of = |name: &str| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    let first = of(COOKIE)?;
    match first.split_once(':').and_then(|(count, head)| Some((count.parse::<usize>().ok()?, head))) {
        Some((count, head)) => {
            let mut whole = head.to_owned();
            for at in 1..count.min(pairs.len()) {
                whole.push_str(of(&format!("{COOKIE}-{at}"))?);
            }
            Token::new(&whole)
        }
        None => Token::new(first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookies(all: &[&str]) -> Option<Token> {
        let mut headers = HeaderMap::new();
        for cookie in all {
            headers.append(header::SET_COOKIE, cookie.parse().unwrap());
        }
        renewed(&headers)
    }

    #[test]
    fn a_renewed_token_may_come_in_pieces() {
        assert_eq!(cookies(&["argocd.token=abc; path=/; Secure"]), Token::new("abc"));
        assert_eq!(cookies(&["argocd.token=2:ab; path=/", "argocd.token-1=cd; path=/"]), Token::new("abcd"));
        assert_eq!(cookies(&["argocd.token=2:ab; path=/"]), Token::new("ab"));
        assert_eq!(cookies(&["argocd.token=; path=/"]), None);
        assert_eq!(cookies(&["other=abc"]), None);
    }
}
