//! Requests to servers on this machine that answer as a test wants.

use super::*;
use futures_util::{TryStreamExt, future::BoxFuture};
use std::{net::SocketAddr, sync::Mutex};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
};

/// So long that nothing is late unless it never comes.
const PATIENT: Patience = Patience {
    connect: Duration::from_secs(20),
    idle: Duration::from_secs(20),
    get: Duration::from_secs(20),
    post: Duration::from_secs(20),
};

const A_MOMENT: Duration = Duration::from_millis(50);

/// A server that writes down what it is asked.
struct Site {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

/// What a site does after the bytes of its answer.
#[derive(Clone, Copy)]
enum Then {
    Close,
    Hold,
}

impl Site {
    /// A site that answers to a request's first line.
    async fn start(answer: impl Fn(&str) -> (String, Then) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (answer, seen) = (Arc::new(answer), Arc::clone(&requests));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (answer, seen) = (Arc::clone(&answer), Arc::clone(&seen));
                tokio::spawn(async move {
                    let request = read_request(&mut stream).await;
                    let (bytes, then) = answer(request.lines().next().unwrap_or(""));
                    seen.lock().unwrap().push(request);
                    let _ = stream.write_all(bytes.as_bytes()).await;
                    if let Then::Hold = then {
                        // Until the client goes away.
                        let _ = stream.read_to_end(&mut Vec::new()).await;
                    }
                });
            }
        });
        Self { address, requests }
    }

    async fn answering(answer: impl Into<String>) -> Self {
        let answer = answer.into();
        Self::start(move |_| (answer.clone(), Then::Close)).await
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// A request's head and as much body as it announces.
async fn read_request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return text;
            }
        }
        // The first byte of TLS, whose client says no more before it is answered.
        if request.first() == Some(&0x16) {
            return text;
        }
        if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
            return text;
        }
    }
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

fn redirect_to(location: &str) -> String {
    format!("HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n")
}

fn outbound(patience: Patience) -> Outbound {
    Outbound::with(true, patience, Resolver::system(true))
}

/// What a fetch comes to in the end.
async fn fetch(outbound: &Outbound, url: &str, max_bytes: u64) -> Result<Vec<u8>, OutboundError> {
    let fetched = outbound.get(url, max_bytes).await?;
    let chunks: Vec<Bytes> = fetched.bytes.try_collect().await?;
    Ok(chunks.concat())
}

#[tokio::test]
async fn a_file_is_fetched_with_its_name() {
    let site = Site::answering(ok("hello")).await;
    let fetched = outbound(PATIENT).get(&site.url("/a/greeting.txt?x=1#y"), 5).await.unwrap();
    assert_eq!(fetched.name, "greeting.txt");
    assert_eq!(fetched.bytes.try_collect::<Vec<_>>().await.unwrap().concat(), b"hello");
    let request = &site.requests()[0];
    assert!(request.starts_with("GET /a/greeting.txt?x=1 HTTP/1.1\r\n"), "{request}");
    for header in ["cookie", "authorization", "referer", "accept-encoding"] {
        assert!(!request.contains(header), "{request}");
    }
}

#[tokio::test]
async fn localhost_is_a_name_of_this_machine_in_mock_mode() {
    let site = Site::answering(ok("hello")).await;
    let url = format!("http://LOCALHOST:{}/", site.address.port());
    assert_eq!(fetch(&outbound(PATIENT), &url, 5).await.unwrap(), b"hello");
}

#[tokio::test]
async fn a_file_may_be_as_large_as_is_allowed_and_no_larger() {
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n";
    let until_the_end = "HTTP/1.1 200 OK\r\n\r\nabcdef";
    for answer in [ok("abcdef"), chunked.to_owned(), until_the_end.to_owned()] {
        let site = Site::answering(answer).await;
        for (max_bytes, expected) in
            [(5, Err(OutboundError::TooLarge)), (6, Ok(b"abcdef".to_vec())), (7, Ok(b"abcdef".to_vec()))]
        {
            assert_eq!(fetch(&outbound(PATIENT), &site.url("/"), max_bytes).await, expected);
        }
    }
}

#[tokio::test]
async fn a_length_that_is_a_lie_changes_nothing() {
    let declared_too_large = "HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nabc";
    let site = Site::answering(declared_too_large).await;
    let refused = outbound(PATIENT).get(&site.url("/"), 6).await.err();
    assert_eq!(refused, Some(OutboundError::TooLarge), "what is declared too large is not even begun");

    let declared_larger_than_it_is = "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nabc";
    let site = Site::answering(declared_larger_than_it_is).await;
    let broken = fetch(&outbound(PATIENT), &site.url("/"), 6).await;
    assert!(matches!(broken, Err(OutboundError::Unreachable(_))), "{broken:?}");

    let declared_smaller_than_it_is = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabcdef";
    let site = Site::answering(declared_smaller_than_it_is).await;
    assert_eq!(fetch(&outbound(PATIENT), &site.url("/"), 3).await.unwrap(), b"abc");
}

#[tokio::test]
async fn redirects_are_followed_five_times() {
    let site = Site::start(|line| {
        let path = line.split(' ').nth(1).unwrap();
        let n: u32 = path[1..].parse().unwrap();
        let answer = if n == 0 { ok("there") } else { redirect_to(&format!("{}", n - 1)) };
        (answer, Then::Close)
    })
    .await;
    let fetched = outbound(PATIENT).get(&site.url("/5"), 5).await.unwrap();
    assert_eq!(fetched.name, "0", "a file is named by where it was found");
    let refused = outbound(PATIENT).get(&site.url("/6"), 5).await.err();
    assert_eq!(refused, Some(OutboundError::TooManyRedirects));
}

#[tokio::test]
async fn a_redirect_that_leads_to_itself_ends() {
    let site = Site::answering(redirect_to("/")).await;
    let refused = outbound(PATIENT).get(&site.url("/"), 5).await.err();
    assert_eq!(refused, Some(OutboundError::TooManyRedirects));
    assert_eq!(site.requests().len(), REDIRECTS_MAX + 1);
}

#[tokio::test]
async fn a_redirect_is_checked_like_the_first_url() {
    for (location, expected) in [
        ("http://169.254.169.254/latest/meta-data/", OutboundError::ForbiddenAddress),
        ("http://[::ffff:127.0.0.1]/", OutboundError::ForbiddenAddress),
        ("//10.0.0.1/", OutboundError::ForbiddenAddress),
        ("http://0x0a000001/", OutboundError::ForbiddenAddress),
        ("http://user:password@127.0.0.1/", OutboundError::InvalidUrl),
        ("file:///etc/passwd", OutboundError::InvalidUrl),
        ("gopher://127.0.0.1/", OutboundError::InvalidUrl),
        ("http://[", OutboundError::InvalidUrl),
    ] {
        let site = Site::answering(redirect_to(location)).await;
        assert_eq!(outbound(PATIENT).get(&site.url("/"), 5).await.err(), Some(expected), "{location}");
    }
}

#[tokio::test]
async fn another_status_than_200_is_no_file() {
    for (head, status) in [
        ("404 Not Found", 404),
        ("500 Internal Server Error", 500),
        ("204 No Content", 204),
        ("304 Not Modified", 304),
        // Without a Location there is nowhere to go.
        ("302 Found", 302),
    ] {
        let site = Site::answering(format!("HTTP/1.1 {head}\r\ncontent-length: 0\r\n\r\n")).await;
        let refused = outbound(PATIENT).get(&site.url("/"), 5).await.err();
        assert_eq!(refused, Some(OutboundError::Status(status)));
    }
}

#[tokio::test]
async fn without_leave_this_machine_is_never_connected_to() {
    let site = Site::answering(ok("secret")).await;
    let outbound = Outbound::new(false);
    let port = site.address.port();
    for host in
        ["127.0.0.1", "localhost", "LocalHost.", "[::1]", "127.1", "2130706433", "0x7f.0.0.1", "0.0.0.0"]
    {
        let url = format!("http://{host}:{port}/");
        assert_eq!(outbound.check_url(&url).err(), Some(OutboundError::ForbiddenAddress), "{url}");
        assert_eq!(outbound.get(&url, 100).await.err(), Some(OutboundError::ForbiddenAddress), "{url}");
        let posted = outbound.post(&url, Vec::new(), Bytes::new()).await;
        assert_eq!(posted, Err(OutboundError::ForbiddenAddress), "{url}");
    }
    assert_eq!(site.requests(), [""; 0]);
}

#[tokio::test]
async fn a_foreign_name_that_means_this_machine_is_refused_even_in_mock_mode() {
    let site = Site::answering(ok("secret")).await;
    let lookup = |_name| -> BoxFuture<'static, std::io::Result<Vec<IpAddr>>> {
        Box::pin(async { Ok(vec!["127.0.0.1".parse().unwrap(), "10.0.0.1".parse().unwrap()]) })
    };
    let outbound = Outbound::with(true, PATIENT, Resolver::with(true, Arc::new(lookup)));
    let url = format!("http://rebind.example:{}/", site.address.port());
    assert!(outbound.check_url(&url).is_ok(), "a name alone says nothing");
    assert_eq!(outbound.get(&url, 100).await.err(), Some(OutboundError::ForbiddenAddress));
    let posted = outbound.post(&url, Vec::new(), Bytes::new()).await;
    assert_eq!(posted, Err(OutboundError::ForbiddenAddress));
    assert_eq!(site.requests(), [""; 0]);
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_refused_in_the_same_words() {
    let lookup = |_name| -> BoxFuture<'static, std::io::Result<Vec<IpAddr>>> {
        Box::pin(async { Err(std::io::Error::other("no such name")) })
    };
    let outbound = Outbound::with(false, PATIENT, Resolver::with(false, Arc::new(lookup)));
    let refused = outbound.get("http://missing.example/", 5).await.err();
    assert_eq!(refused, Some(OutboundError::ForbiddenAddress));
}

#[tokio::test]
async fn a_post_gives_its_body_and_returns_the_status() {
    let site = Site::answering("HTTP/1.1 418 I'm a teapot\r\ncontent-length: 2\r\n\r\nno").await;
    let headers = vec![(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    let status = outbound(PATIENT).post(&site.url("/hook"), headers, Bytes::from_static(b"{\"a\":1}")).await;
    assert_eq!(status, Ok(StatusCode::IM_A_TEAPOT));
    let request = &site.requests()[0];
    assert!(request.starts_with("POST /hook HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("content-type: application/json\r\n"), "{request}");
    assert!(request.ends_with("\r\n\r\n{\"a\":1}"), "{request}");
}

#[tokio::test]
async fn a_post_is_not_redirected() {
    let target = Site::answering(ok("secret")).await;
    let site = Site::answering(redirect_to(&target.url("/"))).await;
    let status = outbound(PATIENT).post(&site.url("/"), Vec::new(), Bytes::new()).await;
    assert_eq!(status, Ok(StatusCode::FOUND));
    assert_eq!(target.requests(), [""; 0]);
}

#[tokio::test]
async fn an_endless_answer_to_a_post_is_not_read() {
    // It holds the connection open, so a client that wants all of it would wait for ever.
    let endless = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(ANSWER_MAX_BYTES + 1));
    let site = Site::start(move |_| (endless.clone(), Then::Hold)).await;
    let status = outbound(PATIENT).post(&site.url("/"), Vec::new(), Bytes::new()).await;
    assert_eq!(status, Ok(StatusCode::OK));
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    let site = Site::start(|_| (String::new(), Then::Hold)).await;
    let outbound = outbound(Patience { get: A_MOMENT, post: A_MOMENT, ..PATIENT });
    assert_eq!(outbound.get(&site.url("/"), 5).await.err(), Some(OutboundError::Timeout));
    let posted = outbound.post(&site.url("/"), Vec::new(), Bytes::new()).await;
    assert_eq!(posted, Err(OutboundError::Timeout));
}

#[tokio::test]
async fn a_body_that_stops_or_never_ends_is_given_up() {
    let begun = "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nabc";
    let site = Site::start(move |_| (begun.to_owned(), Then::Hold)).await;
    for patience in [Patience { idle: A_MOMENT, ..PATIENT }, Patience { get: A_MOMENT, ..PATIENT }] {
        assert_eq!(fetch(&outbound(patience), &site.url("/"), 6).await, Err(OutboundError::Timeout));
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_or_speaks_something_else_is_unreachable() {
    // A port that is taken, and where nobody listens.
    let closed = TcpSocket::new_v4().unwrap();
    closed.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let closed = (closed.local_addr().unwrap(), closed);
    let silent = Site::answering("").await;
    let other = Site::answering("220 mail.example ESMTP\r\n").await;
    for url in [
        format!("http://{}/", closed.0),
        silent.url("/"),
        other.url("/"),
        other.url("/").replace("http", "https"),
    ] {
        let refused = outbound(PATIENT).get(&url, 5).await.err();
        assert!(matches!(refused, Some(OutboundError::Unreachable(_))), "{url}: {refused:?}");
    }
}

#[test]
fn a_url_is_checked_before_it_is_kept() {
    let outbound = Outbound::new(false);
    for url in [
        "https://shop.example/hook?a=b",
        "http://shop.example:8080",
        "https://[2606:4700:4700::1111]/",
        "HTTP://1.1.1.1",
    ] {
        assert!(outbound.check_url(url).is_ok(), "{url}");
    }
    for url in [
        "",
        "shop.example/hook",
        "/hook",
        "https://",
        "ftp://shop.example/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "data:text/plain,x",
        "unix:/run/docker.sock",
        "https://user@shop.example/",
        "https://user:password@shop.example/",
        "https://:password@shop.example/",
        "https://shop.example:99999/",
        "https://exa mple/",
    ] {
        assert_eq!(outbound.check_url(url).err(), Some(OutboundError::InvalidUrl), "{url}");
    }
    for host in [
        "127.0.0.1",
        "127.1",
        "0177.0.0.1",
        "0x7f000001",
        "2130706433",
        "１２７.0.0.1",
        "127。0。0。1",
        "127.0.0.1.",
        "%31%32%37.0.0.1",
        "0",
        "10.0.0.1",
        "169.254.169.254",
        "[::1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::a00:1]",
        "[fe80::1]",
        "localhost",
        "LOCALHOST.",
        "ⓛocalhost",
        "some.localhost",
        "some.localhost.",
    ] {
        let url = format!("http://{host}/");
        assert_eq!(outbound.check_url(&url).err(), Some(OutboundError::ForbiddenAddress), "{url}");
    }
}

#[test]
fn a_url_may_be_as_long_as_the_limit() {
    let outbound = Outbound::new(false);
    let url = |length: usize| format!("https://shop.example/{}", "a".repeat(length - 21));
    assert!(outbound.check_url(&url(URL_MAX_BYTES)).is_ok());
    assert_eq!(outbound.check_url(&url(URL_MAX_BYTES + 1)).err(), Some(OutboundError::InvalidUrl));
}

#[test]
fn in_mock_mode_nothing_else_inside_is_allowed() {
    let outbound = Outbound::new(true);
    for url in ["http://127.0.0.1:3000/", "http://127.9.9.9/", "http://[::1]/", "http://localhost/"] {
        assert!(outbound.check_url(url).is_ok(), "{url}");
    }
    for url in [
        "http://10.0.0.1/",
        "http://0.0.0.0/",
        "http://[::]/",
        "http://[::ffff:127.0.0.1]/",
        "http://a.localhost/",
    ] {
        assert_eq!(outbound.check_url(url).err(), Some(OutboundError::ForbiddenAddress), "{url}");
    }
}
