//! Just enough of an HTTP client to ask the server we started. One request a connection, plain text, no redirects.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result, bail};

const TIMEOUT: Duration = Duration::from_secs(10);

/// An answer with its body as it came over the wire: still compressed, if it was.
#[derive(Debug, PartialEq)]
pub struct Response {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }
}

/// Asks `http://HOST:PORT` for a path, saying which content encodings we take.
pub fn get(base_url: &str, path: &str, accept_encoding: &str) -> Result<Response> {
    request(base_url, path, accept_encoding).with_context(|| format!("GET {base_url}{path}"))
}

/// Posts JSON to a path of `http://HOST:PORT`.
pub fn post(base_url: &str, path: &str, json: &str) -> Result<Response> {
    let headers = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", json.len());
    exchange(base_url, "POST", path, &headers, json).with_context(|| format!("POST {base_url}{path}"))
}

fn request(base_url: &str, path: &str, accept_encoding: &str) -> Result<Response> {
    exchange(base_url, "GET", path, &format!("Accept-Encoding: {accept_encoding}\r\n"), "")
}

fn exchange(base_url: &str, method: &str, path: &str, headers: &str, body: &str) -> Result<Response> {
    let host = host_of(base_url)?;
    let mut connection = TcpStream::connect(host)?;
    connection.set_read_timeout(Some(TIMEOUT))?;
    connection.set_write_timeout(Some(TIMEOUT))?;
    write!(
        connection,
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\n{headers}Connection: close\r\n\r\n{body}"
    )?;
    let mut bytes = Vec::new();
    connection.read_to_end(&mut bytes)?;
    parse(&bytes)
}

/// The `HOST:PORT` of a base URL.
pub fn host_of(base_url: &str) -> Result<&str> {
    let host = base_url.strip_prefix("http://").with_context(|| format!("{base_url} is not a http URL"))?;
    Ok(host.split('/').next().unwrap_or(host))
}

fn parse(bytes: &[u8]) -> Result<Response> {
    let n_head = find(bytes, b"\r\n\r\n").context("the answer ends within its head")?;
    let head = std::str::from_utf8(&bytes[..n_head]).context("the answer's head is not text")?;
    let body = &bytes[n_head + 4..];
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).context("the answer has no status")?;
    let headers = lines
        .map(|line| line.split_once(':').with_context(|| format!("not a header: {line}")))
        .map(|header| header.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())))
        .collect::<Result<Vec<_>>>()?;
    let mut response = Response { status: status.parse()?, headers, body: Vec::new() };
    response.body = if response.header("transfer-encoding").is_some_and(|value| value == "chunked") {
        unchunked(body)?
    } else if let Some(length) = response.header("content-length") {
        let length = length.parse()?;
        body.get(..length).with_context(|| format!("{} of {length} bytes came", body.len()))?.to_owned()
    } else {
        body.to_owned()
    };
    Ok(response)
}

fn unchunked(mut bytes: &[u8]) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let n_line = find(bytes, b"\r\n").context("a chunk's length is missing")?;
        let line = std::str::from_utf8(&bytes[..n_line]).context("a chunk's length is not text")?;
        let length = line.split(';').next().unwrap_or(line).trim();
        let length =
            usize::from_str_radix(length, 16).with_context(|| format!("not a chunk's length: {line}"))?;
        bytes = &bytes[n_line + 2..];
        if length == 0 {
            return Ok(body);
        }
        body.extend(bytes.get(..length).context("a chunk is cut short")?);
        match bytes[length..].strip_prefix(b"\r\n") {
            Some(rest) => bytes = rest,
            None => bail!("a chunk is longer than it says"),
        }
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_as_long_as_its_content_length_says() {
        let response =
            parse(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Encoding: br\r\n\r\nokay").unwrap();
        assert_eq!(response.status, 200);
        assert_eq!(response.header("content-encoding"), Some("br"));
        assert_eq!(response.body, b"ok");
    }

    #[test]
    fn a_body_cut_short_is_refused() {
        let error = parse(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok").unwrap_err();
        assert_eq!(error.to_string(), "2 of 3 bytes came");
    }

    #[test]
    fn a_body_without_a_length_ends_with_the_connection() {
        assert_eq!(parse(b"HTTP/1.1 503 Busy\r\n\r\nlater").unwrap().body, b"later");
    }

    #[test]
    fn a_chunked_body_is_put_together() {
        let answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;note=x\r\n0123456789\r\n0\r\n\r\n";
        assert_eq!(parse(answer).unwrap().body, b"abc0123456789");
    }

    #[test]
    fn a_chunk_cut_short_is_refused() {
        assert!(unchunked(b"5\r\nabc").is_err());
        assert!(unchunked(b"2\r\nabc\r\n0\r\n\r\n").is_err());
        assert!(unchunked(b"zz\r\n").is_err());
    }

    #[test]
    fn an_answer_without_an_end_of_its_head_is_refused() {
        assert!(parse(b"HTTP/1.1 200 OK\r\n").is_err());
    }

    #[test]
    fn the_host_of_a_base_url_has_no_path() {
        assert_eq!(host_of("http://127.0.0.1:8787/widget/").unwrap(), "127.0.0.1:8787");
        assert!(host_of("https://example.com").is_err());
    }
}
