//! Headers: names and values, compressed with one zlib stream a direction and a dictionary both sides know.

use std::io;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};

/// The words the dictionary begins with, each after its length in four bytes.
const WORDS: &str = "options head post put delete trace accept accept-charset accept-encoding accept-language \
    accept-ranges age allow authorization cache-control connection content-base content-encoding content-language \
    content-length content-location content-md5 content-range content-type date etag expect expires from host if-match \
    if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards pragma \
    proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade \
    user-agent vary via warning www-authenticate method get status 200_OK version HTTP/1.1 url public set-cookie \
    keep-alive origin";
/// What it ends with.
const TAIL: &str = "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505\
    203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden\
    404 Not Found500 Internal Server Error501 Not Implemented503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug \
    Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,\
    application/xml,application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age=gzip,deflate,\
    sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.";
/// Bytes of one block of headers; real ones have a hundred.
const LONGEST: usize = 64 << 10;

fn dictionary() -> Vec<u8> {
    let mut all = Vec::new();
    for word in WORDS.split_whitespace() {
        let word = word.replace('_', " ");
        all.extend_from_slice(&(word.len() as u32).to_be_bytes());
        all.extend_from_slice(word.as_bytes());
    }
    all.extend_from_slice(TAIL.as_bytes());
    all
}

/// Both directions of one connection.
pub(super) struct Codec {
    inflate: Decompress,
    deflate: Compress,
}

impl Codec {
    pub fn new() -> Self {
        // what is sent needs no dictionary: a stream says whether it has one
        Self { inflate: Decompress::new(true), deflate: Compress::new(Compression::fast(), true) }
    }

    /// Names and values of a block.
    pub fn read(&mut self, block: &[u8]) -> io::Result<Vec<(String, String)>> {
        let plain = self.inflate(block)?;
        let mut rest = &plain[..];
        let count = number(&mut rest)?;
        let mut pairs = Vec::new();
        for _ in 0..count {
            pairs.push((text(&mut rest)?, text(&mut rest)?));
        }
        Ok(pairs)
    }

    /// A block without headers.
    pub fn nothing(&mut self) -> io::Result<Vec<u8>> {
        let mut out = Vec::with_capacity(64);
        self.deflate.compress_vec(&[0; 4], &mut out, FlushCompress::Sync).map_err(io::Error::other)?;
        Ok(out)
    }

    fn inflate(&mut self, block: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::with_capacity(4096);
        let begun = self.inflate.total_in();
        loop {
            let rest = &block[(self.inflate.total_in() - begun) as usize..];
            let before = (rest.len(), out.len());
            if let Err(error) = self.inflate.decompress_vec(rest, &mut out, FlushDecompress::Sync) {
                error.needs_dictionary().ok_or_else(|| io::Error::other(error))?;
                self.inflate.set_dictionary(&dictionary()).map_err(io::Error::other)?;
                continue;
            }
            let left = block.len() - (self.inflate.total_in() - begun) as usize;
            if left == 0 && out.len() < out.capacity() {
                return Ok(out);
            }
            if out.len() > LONGEST || (left, out.len()) == before && out.len() < out.capacity() {
                return Err(io::Error::other("headers that cannot be read"));
            }
            out.reserve(4096);
        }
    }
}

fn number(rest: &mut &[u8]) -> io::Result<u32> {
    let (four, after) = rest.split_first_chunk().ok_or_else(|| io::Error::other("headers that are too short"))?;
    *rest = after;
    Ok(u32::from_be_bytes(*four))
}

fn text(rest: &mut &[u8]) -> io::Result<String> {
    let length = number(rest)? as usize;
    let (text, after) = rest.split_at_checked(length).ok_or_else(|| io::Error::other("headers that are too short"))?;
    *rest = after;
    Ok(String::from_utf8_lossy(text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dictionary_is_the_one_both_sides_know() {
        assert_eq!(dictionary().len(), 1423);
        // the checksum that real clients' streams begin with
        let checked = Compress::new(Compression::fast(), true).set_dictionary(&dictionary()).unwrap();
        assert_eq!(checked, 0xe3c6_a7c2);
    }

    #[test]
    fn blocks_follow_each_other_in_one_stream() {
        let mut theirs = Compress::new(Compression::fast(), true);
        theirs.set_dictionary(&dictionary()).unwrap();
        let mut codec = Codec::new();
        for port in ["8000", "9"] {
            let mut plain = 1_u32.to_be_bytes().to_vec();
            for word in ["port", port] {
                plain.extend_from_slice(&(word.len() as u32).to_be_bytes());
                plain.extend_from_slice(word.as_bytes());
            }
            let mut block = Vec::with_capacity(256);
            theirs.compress_vec(&plain, &mut block, FlushCompress::Sync).unwrap();
            assert_eq!(codec.read(&block).unwrap(), [("port".to_owned(), port.to_owned())]);
        }
        assert!(codec.read(b"\xff\xff\xff").is_err());
    }
}
