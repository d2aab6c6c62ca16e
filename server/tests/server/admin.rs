//! Administration by command line: the same with a running server and without one.

use crate::support::TestServer;
use serde_json::{Value, json};
use server::{
    admin::{
        Agent, FailureKind, NewToken, PlanWord, Request, Response, ScopeWord,
        client::execute,
        socket::{self, AdminSocket},
        widget_flags::WidgetFlags,
    },
    config::Config,
    live::{EventStream, Listener, Start, StreamItem},
    rate_limit::Limits,
    serve,
};
use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::UnixStream,
    task::JoinHandle,
    time::timeout,
};

/// A hang is a failure too. Nothing is measured by it.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running server's door.
struct Door(JoinHandle<()>);

impl Door {
    fn open(server: &TestServer) -> Self {
        let socket = AdminSocket::open(server.directory.path()).unwrap();
        Self(tokio::spawn(socket.serve(server.app.operator.clone())))
    }

    async fn close(self) {
        self.0.abort();
        drop(self.0.await);
    }
}

fn create_company(name: &str) -> Request {
    Request::CreateCompany { name: name.into(), plan: PlanWord::Basic, phone: None, description: None }
}

fn create_token(company: &str, agent: Option<String>) -> Request {
    Request::CreateToken { company: company.into(), agent, name: "test".into(), scope: ScopeWord::Write }
}

async fn new_token(directory: &Path, company: &str, agent: Option<String>) -> NewToken {
    let Response::NewToken(token) = execute(directory, create_token(company, agent)).await.unwrap() else {
        panic!("a token is answered")
    };
    token
}

async fn refused(directory: &Path, request: Request) -> (FailureKind, String) {
    let failure = execute(directory, request).await.unwrap_err();
    (failure.kind, failure.message)
}

fn update_agent(company: &str, agent: &str, name: Option<&str>, avatar: Option<&str>) -> Request {
    Request::UpdateAgent {
        company: company.into(),
        agent: agent.into(),
        name: name.map(Into::into),
        email: None,
        role: None,
        avatar: avatar.map(Into::into),
    }
}

/// Changes an agent, and leaves them without a picture.
async fn change_agent(directory: &Path, company: &str, agent: &Agent) {
    let (id, num, new) = (agent.id, agent.num.to_string(), "https://example.com/new.png");
    for (name, avatar, now) in [
        (None, Some(new), ("Sam", Some(new))),
        (Some("Samira"), None, ("Samira", Some(new))),
        (Some("Sam"), Some(""), ("Sam", None)),
    ] {
        let request = update_agent(company, &num, name, avatar);
        let Response::Agent(changed) = execute(directory, request).await.unwrap() else {
            panic!("an agent is answered")
        };
        assert_eq!((changed.name.as_str(), changed.avatar_url.as_deref()), now);
        assert_eq!((changed.id, &changed.email, &changed.role), (id, &agent.email, &agent.role));
        assert!(agents(directory, company).await.contains(&changed), "what is left out stays");
    }
}

async fn agents(directory: &Path, company: &str) -> Vec<Agent> {
    let Response::Agents(agents) =
        execute(directory, Request::ListAgents { company: company.into() }).await.unwrap()
    else {
        panic!("agents are answered")
    };
    agents
}

/// Makes a company and everything it can have, looks at it, and takes it away again.
async fn keep_house(directory: &Path) {
    let Response::Company(company) = execute(directory, create_company("Hotel")).await.unwrap() else {
        panic!("a company is answered")
    };
    assert_eq!((company.name.as_str(), company.plan), ("Hotel", PlanWord::Basic));
    let names = [company.id.to_string(), company.num.to_string(), company.property_code.clone()];
    for name in &names {
        let agents = agents(directory, name).await;
        assert_eq!(agents[0].name, "API", "whom tokens without an agent write as");
    }
    let company = || names[2].clone();

    let update = Request::UpdateCompany {
        company: company(),
        name: None,
        plan: Some(PlanWord::Premium),
        phone: Some("+49 1".into()),
        description: None,
    };
    let Response::Company(updated) = execute(directory, update).await.unwrap() else {
        panic!("a company is answered")
    };
    assert_eq!((updated.name.as_str(), updated.plan), ("Hotel", PlanWord::Premium), "what is left out stays");
    let Response::Companies(companies) = execute(directory, Request::ListCompanies {}).await.unwrap() else {
        panic!("companies are answered")
    };
    assert!(companies.contains(&updated));

    let sam = Request::CreateAgent {
        company: company(),
        name: "Sam".into(),
        email: Some("sam@example.com".into()),
        role: "agent".into(),
        avatar: Some("https://example.com/sam.png".into()),
    };
    let Response::Agent(sam) = execute(directory, sam).await.unwrap() else { panic!("an agent is answered") };
    assert_eq!(sam.avatar_url.as_deref(), Some("https://example.com/sam.png"));
    change_agent(directory, &company(), &sam).await;
    let (own, common) = (
        new_token(directory, &company(), Some(sam.num.to_string())).await,
        new_token(directory, &company(), None).await,
    );
    assert_eq!((own.about.agent.as_str(), common.about.agent.as_str()), ("Sam", "API"));
    let tokens = execute(directory, Request::ListTokens { company: company() }).await.unwrap();
    for secret in [&own.token, &common.token].map(|token| token.split_once('.').unwrap().1) {
        assert!(!tokens.to_json().to_string().contains(secret), "a secret is shown once");
        assert!(!tokens.to_string().contains(secret));
    }

    let revoke = Request::RevokeAgent { company: company(), agent: sam.id.to_string() };
    execute(directory, revoke.clone()).await.unwrap();
    assert_eq!(refused(directory, revoke).await.0, FailureKind::NotFound);
    let Response::Tokens(tokens) =
        execute(directory, Request::ListTokens { company: company() }).await.unwrap()
    else {
        panic!("tokens are answered")
    };
    let revoked: Vec<_> = tokens.iter().filter(|token| token.is_revoked).map(|token| token.id).collect();
    assert_eq!(revoked, [own.about.id], "an agent's tokens die with them");
    execute(directory, Request::RevokeToken { token: common.about.id.to_string() }).await.unwrap();

    let widget = Request::CreateWidget {
        company: company(),
        domain: "hotel.example".into(),
        settings: Box::default(),
    };
    let Response::Widget(made) = execute(directory, widget.clone()).await.unwrap() else {
        panic!("a widget is answered")
    };
    assert_eq!(refused(directory, widget).await.0, FailureKind::Conflict, "one for a domain");
    let widgets = execute(directory, Request::ListWidgets { company: company() }).await.unwrap();
    assert_eq!(widgets, Response::Widgets(vec![made.clone()]));
    set_a_widget(directory, made.id.to_string()).await;

    let slack = Request::CreateChannel { company: company(), kind: "Slack".into() };
    let Response::Channel(made) = execute(directory, slack.clone()).await.unwrap() else {
        panic!("a channel is answered")
    };
    assert_eq!(refused(directory, slack.clone()).await.0, FailureKind::Conflict);
    let revoke = Request::RevokeChannel { company: company(), channel: "slack".into() };
    let Response::Channel(off) = execute(directory, revoke.clone()).await.unwrap() else {
        panic!("a channel is answered")
    };
    assert!(!off.is_active && off.id == made.id);
    assert_eq!(refused(directory, revoke).await.0, FailureKind::Conflict);
    let again = execute(directory, slack).await.unwrap();
    assert_eq!(again, Response::Channel(made), "making it again switches it on again");
    let Response::Channels(channels) =
        execute(directory, Request::ListChannels { company: company() }).await.unwrap()
    else {
        panic!("channels are answered")
    };
    assert_eq!(channels.iter().map(|channel| channel.kind.as_str()).collect::<Vec<_>>(), ["widget", "slack"]);
}

async fn set_a_widget(directory: &Path, widget: String) {
    let set = async |settings: WidgetFlags| {
        let request = Request::SetWidget { widget: widget.clone(), settings: Box::new(settings) };
        let Response::WidgetSettings(set) = execute(directory, request).await.unwrap() else {
            panic!("its settings are answered")
        };
        set
    };
    let some = |text: &str| Some(text.to_owned());
    let before = set(WidgetFlags::default()).await;
    assert_eq!(before.allowed_domains.len(), 4, "the pages of its domain");
    let changed = set(WidgetFlags {
        color: some("#101010"),
        position: some("start"),
        offset_x: some("0"),
        radius: some("0"),
        locale: some("de"),
        sound: some("false"),
        tagline: some(""),
        allowed_domains: vec!["https://hotel.example".into(), "https://hotel.example".into()],
        ..WidgetFlags::default()
    })
    .await;
    assert_eq!((changed.primary_color.as_str(), changed.welcome_tagline.as_str()), ("#101010", ""));
    assert_eq!(changed.welcome_heading, before.welcome_heading, "what is left out stays");
    assert_eq!(changed.allowed_domains, ["https://hotel.example"]);
    let options = serde_json::to_value(&changed.options).unwrap();
    let expected = json!({ "position": "start", "offset_x": 0, "radius": 0, "locale": "de", "sound": false });
    assert_eq!(options, expected);
    let back = set(WidgetFlags {
        color: some(""),
        position: some(""),
        offset_x: some(""),
        radius: some(""),
        locale: some(""),
        sound: some(""),
        allowed_domains: vec![String::new()],
        tagline: Some(before.welcome_tagline.clone()),
        ..WidgetFlags::default()
    })
    .await;
    assert_eq!(back, before, "an empty value puts back the default");

    let secret = async || {
        let request = Request::MakeWidgetSecret { widget: widget.clone() };
        let Response::WidgetSecret(secret) = execute(directory, request).await.unwrap() else {
            panic!("a secret is answered")
        };
        secret
    };
    let (first, second) = (secret().await, secret().await);
    assert_eq!(first.id.to_string(), widget);
    assert_ne!(first.secret, second.secret, "each is new");
    assert_eq!(second.secret.len(), 43, "256 bits in base64url");
    assert!(!format!("{second:?}").contains(&second.secret));
    for request in
        [Request::SetWidget { widget: widget.clone(), settings: Box::default() }, Request::ListCompanies {}]
    {
        let shown = execute(directory, request).await.unwrap();
        assert!(!shown.to_json().to_string().contains(&second.secret), "a secret is shown once");
    }

    let wrong = WidgetFlags {
        color: some("red"),
        heading: some(" "),
        radius: some("33"),
        offset_y: some("-1"),
        z_index: some("high"),
        position: some("left"),
        locale: some("de_DE"),
        open_on_load: some("maybe"),
        allowed_domains: vec!["https://hotel.example".into(), "https://a.example; script-src *".into()],
        ..WidgetFlags::default()
    };
    let (kind, message) =
        refused(directory, Request::SetWidget { widget: widget.clone(), settings: Box::new(wrong) }).await;
    assert_eq!(kind, FailureKind::Invalid);
    for problem in [
        "--color must be a colour",
        "--heading must not be blank",
        "--radius must be from 0 to 32",
        "--offset-y must be from 0 to 400",
        "--z-index must be an integer",
        "--position must be one of end, start",
        "--locale must be a language tag",
        "--open-on-load must be a boolean",
        "--allowed-domain must be a list",
    ] {
        assert!(message.contains(problem), "{problem} is not in: {message}");
    }
    assert_eq!(set(WidgetFlags::default()).await, before, "nothing was done by what was refused");
}

async fn refuse_avatars(directory: &Path, company: &str, agent: &str) {
    let create = |avatar: &str| Request::CreateAgent {
        company: company.into(),
        name: "a".into(),
        email: None,
        role: "agent".into(),
        avatar: Some(avatar.into()),
    };
    let wrong = [
        "http://example.com/a.png",
        "https://",
        "https:///a",
        "javascript:alert(1)",
        "data:image/png,",
        "https://a b",
    ];
    let requests = wrong.map(|avatar| [create(avatar), update_agent(company, agent, None, Some(avatar))]);
    for request in requests.into_iter().flatten().chain([create("")]) {
        let (kind, message) = refused(directory, request.clone()).await;
        assert_eq!((kind, message.contains("https")), (FailureKind::Invalid, true), "{request:?}: {message}");
    }
}

/// What is not there, can't be, or is done already.
async fn refuse_everything(directory: &Path) {
    let Response::Company(company) = execute(directory, create_company("Inn")).await.unwrap() else {
        panic!("a company is answered")
    };
    let inn = || company.num.to_string();
    let unknown = || "UNKNOWN".to_owned();
    let first = agents(directory, &inn()).await[0].num.to_string();
    for company in ["UNKNOWN", "", "-1", "999999999999999999999", "01930000-0000-7000-8000-00000000ffff"] {
        let request = Request::ListAgents { company: company.into() };
        assert_eq!(refused(directory, request).await.0, FailureKind::NotFound, "{company:?}");
    }
    for request in [
        Request::CreateAgent {
            company: unknown(),
            name: "a".into(),
            email: None,
            role: "agent".into(),
            avatar: None,
        },
        create_token("UNKNOWN", None),
        create_token(&inn(), Some("9999".into())),
        create_token(&inn(), Some("Sam".into())),
        Request::ListTokens { company: unknown() },
        Request::RevokeAgent { company: inn(), agent: "9999".into() },
        update_agent(&inn(), "9999", None, None),
        // Another company's.
        update_agent(&inn(), "1", Some("Mallory"), None),
        Request::RevokeToken { token: "01930000-0000-7000-8000-00000000ffff".into() },
        Request::CreateWidget { company: unknown(), domain: "a.example".into(), settings: Box::default() },
        Request::ListWidgets { company: unknown() },
        Request::SetWidget { widget: unknown(), settings: Box::default() },
        Request::SetWidget {
            widget: "01930000-0000-7000-8000-00000000ffff".into(),
            settings: Box::new(WidgetFlags { color: Some("#101010".into()), ..WidgetFlags::default() }),
        },
        Request::MakeWidgetSecret { widget: "01930000-0000-7000-8000-00000000ffff".into() },
        Request::CreateChannel { company: unknown(), kind: "slack".into() },
        Request::ListChannels { company: unknown() },
        Request::RevokeChannel { company: inn(), channel: "slack".into() },
    ] {
        let (kind, message) = refused(directory, request.clone()).await;
        assert_eq!(kind, FailureKind::NotFound, "{request:?}: {message}");
    }
    refuse_avatars(directory, &inn(), &first).await;
    for request in [
        create_company(" "),
        create_company(&"a".repeat(256)),
        create_company("a\0"),
        Request::CreateAgent {
            company: inn(),
            name: String::new(),
            email: None,
            role: "agent".into(),
            avatar: None,
        },
        update_agent(&inn(), &first, Some(" "), None),
        Request::RevokeToken { token: "nonsense".into() },
        Request::CreateWidget {
            company: inn(),
            domain: "a.example; script-src *".into(),
            settings: Box::default(),
        },
        Request::CreateChannel { company: inn(), kind: "pigeon".into() },
        Request::RevokeAgent { company: inn(), agent: first.clone() },
    ] {
        let (kind, message) = refused(directory, request.clone()).await;
        assert_eq!(kind, FailureKind::Invalid, "{request:?}: {message}");
    }
    let token = new_token(directory, &inn(), None).await;
    // The whole token names it too.
    let revoke = Request::RevokeToken { token: token.token };
    execute(directory, revoke.clone()).await.unwrap();
    let (kind, message) = refused(directory, revoke).await;
    assert_eq!(kind, FailureKind::Conflict);
    assert!(message.contains("revoked before"), "{message}");
}

#[tokio::test]
async fn commands_work_without_a_server() {
    let directory = tempfile::tempdir().unwrap();
    let (kind, message) = refused(directory.path(), Request::ListCompanies {}).await;
    assert_eq!(kind, FailureKind::NotFound, "a mistyped directory is not begun: {message}");
    assert!(!directory.path().join("porchlight.db").exists());
    keep_house(directory.path()).await;
    refuse_everything(directory.path()).await;
}

#[tokio::test]
async fn commands_work_through_a_running_server() {
    let server = TestServer::start().await;
    let door = Door::open(&server);
    keep_house(server.directory.path()).await;
    refuse_everything(server.directory.path()).await;
    door.close().await;
}

#[tokio::test]
async fn a_revoked_token_is_dead_at_once_and_its_streams_end() {
    let server = TestServer::start().await;
    let door = Door::open(&server);
    let directory = server.directory.path();
    let company = server.demo.company_num.to_string();
    let (token, other) =
        (new_token(directory, &company, None).await, new_token(directory, &company, None).await);
    let listen = async |token: &NewToken| {
        let principal = server.app.administration.authenticate(&token.token).await.unwrap();
        let listener = Listener::program(&principal);
        let mut stream =
            EventStream::open(server.app.store.clone(), &server.app.live, listener, Start::Snapshot);
        assert!(matches!(stream.next().await, Some(Ok(StreamItem::Snapshot(..)))));
        stream
    };
    let (mut ended, mut goes_on) = (listen(&token).await, listen(&other).await);
    execute(directory, Request::RevokeToken { token: token.about.id.to_string() }).await.unwrap();
    assert!(timeout(Duration::from_secs(5), ended.next()).await.unwrap().is_none());
    assert!(server.app.administration.authenticate(&token.token).await.is_err());
    assert!(server.app.administration.authenticate(&other.token).await.is_ok());
    // The next thing that the other hears is what happens next.
    server.visitor().await;
    assert!(matches!(timeout(PATIENCE, goes_on.next()).await.unwrap(), Some(Ok(StreamItem::Live(_)))));
    door.close().await;
}

#[tokio::test]
async fn the_event_stream_of_a_program_ends_with_its_token() {
    let server = TestServer::start().await;
    let door = Door::open(&server);
    let directory = server.directory.path();
    let company = server.demo.company_num.to_string();
    let agent = Request::CreateAgent {
        company: company.clone(),
        name: "Sam".into(),
        email: None,
        role: "agent".into(),
        avatar: None,
    };
    let Response::Agent(agent) = execute(directory, agent).await.unwrap() else {
        panic!("an agent is answered")
    };
    let token = new_token(directory, &company, Some(agent.num.to_string())).await;
    let mut stream = server.stream("/api/v1/stream", &token.token, None).await;
    execute(directory, Request::RevokeAgent { company, agent: agent.num.to_string() }).await.unwrap();
    let ends = async { while stream.frame().await.is_some() {} };
    timeout(Duration::from_secs(5), ends).await.unwrap();
    door.close().await;
}

#[tokio::test]
async fn the_socket_is_for_its_owner_replaces_a_stale_one_and_goes_with_the_server() {
    let server = TestServer::start().await;
    let path = server.directory.path().join(socket::NAME);
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(UnixStream::connect(&path).await.is_err(), "nobody listens at what a killed server left");
    let door = Door::open(&server);
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    execute(server.directory.path(), Request::ListCompanies {}).await.unwrap();
    door.close().await;
    let left: Vec<_> = std::fs::read_dir(server.directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("admin"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn a_directory_with_a_path_too_long_for_a_socket_is_served_too() {
    let server = TestServer::start().await;
    let mut directory: PathBuf = server.directory.path().to_owned();
    for _ in 0..10 {
        directory.push("a-name-of-some-length");
    }
    std::fs::create_dir_all(&directory).unwrap();
    let socket = AdminSocket::open(&directory).unwrap();
    let door = tokio::spawn(socket.serve(server.app.operator.clone()));
    let mut stream = BufReader::new(socket::connect(&directory).await.unwrap());
    stream.write_all(b"{\"command\":\"list_companies\"}\n").await.unwrap();
    let mut line = String::new();
    timeout(PATIENCE, stream.read_line(&mut line)).await.unwrap().unwrap();
    assert!(line.starts_with(r#"{"Ok":{"companies":[{"#), "{line}");
    door.abort();
}

#[tokio::test]
async fn garbage_on_the_socket_is_refused_and_disturbs_nobody() {
    let server = TestServer::start().await;
    let door = Door::open(&server);
    let path = server.directory.path().join(socket::NAME);
    let too_long = vec![b'['; 70_000];
    for garbage in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        b"\n",
        b"{}\n",
        b"\xff\xfe\x00\n",
        b"{\"command\":\"drop_everything\"}\n",
        b"{\"command\":\"list_companies\",\"extra\":1}\n",
        b"{\"command\":\"create_company\",\"name\":\"a\",\"plan\":\"gold\"}\n",
        b"{\"command\":\"create_company\",\"name\":7,\"plan\":\"test\"}\n",
        &too_long,
    ] {
        let mut stream = BufReader::new(UnixStream::connect(&path).await.unwrap());
        drop(stream.write_all(garbage).await);
        let mut line = String::new();
        timeout(PATIENCE, stream.read_line(&mut line)).await.unwrap().unwrap();
        let reply: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(reply["Err"]["kind"], "malformed", "{reply}");
    }
    drop(UnixStream::connect(&path).await.unwrap());
    let mut half = UnixStream::connect(&path).await.unwrap();
    half.write_all(b"{\"command\":").await.unwrap();
    execute(server.directory.path(), Request::ListCompanies {}).await.unwrap();
    door.close().await;
}

#[tokio::test]
async fn one_connection_may_ask_more_than_once() {
    let server = TestServer::start().await;
    let door = Door::open(&server);
    let stream = UnixStream::connect(server.directory.path().join(socket::NAME)).await.unwrap();
    let mut stream = BufReader::new(stream);
    for _ in 0..3 {
        stream.write_all(b"{\"command\":\"list_agents\",\"company\":\"DEMO\"}\n").await.unwrap();
        let mut line = String::new();
        timeout(PATIENCE, stream.read_line(&mut line)).await.unwrap().unwrap();
        assert!(line.contains("Robin"), "{line}");
    }
    door.close().await;
}

/// The program itself.
async fn porchlight(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_porchlight"));
    command.args(arguments).env_clear().env("PORCHLIGHT_DATA", directory);
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

#[tokio::test]
async fn the_program_shows_tables_and_json_and_says_what_is_wrong() {
    let directory = tempfile::tempdir().unwrap();
    let call = async |arguments: &[&str]| porchlight(directory.path(), arguments).await;
    let made = call(&["company", "create", "--name", "Hotel", "--plan", "test", "--json"]).await;
    assert!(made.status.success(), "{made:?}");
    let company: Value = serde_json::from_slice(&made.stdout).unwrap();
    assert_eq!((&company["name"], &company["plan"]), (&json!("Hotel"), &json!("test")));
    let code = company["property_code"].as_str().unwrap();
    let token = call(&["token", "create", "--company", code, "--name", "shop"]).await;
    let shown = String::from_utf8(token.stdout).unwrap();
    let id = shown.lines().nth(1).unwrap().split_whitespace().next().unwrap();
    let secret = shown.lines().map(str::trim).find(|line| line.contains('.') && !line.contains(' ')).unwrap();
    let list = String::from_utf8(call(&["token", "list", "--company", code]).await.stdout).unwrap();
    assert!(list.starts_with("ID ") && list.contains(id) && list.contains("write"), "{list}");
    assert!(!list.contains(secret.split_once('.').unwrap().1));
    assert!(call(&["token", "revoke", id]).await.status.success());
    let twice = call(&["token", "revoke", id]).await;
    assert_eq!(twice.status.code(), Some(1));
    assert!(String::from_utf8(twice.stderr).unwrap().starts_with("porchlight: the token"));
    assert_eq!(
        call(&["company", "create", "--name", "Hotel", "--plan", "gold"]).await.status.code(),
        Some(2)
    );
    let widget = call(&[
        "widget",
        "create",
        "--company",
        code,
        "--domain",
        "hotel.example",
        "--radius",
        "4",
        "--json",
    ])
    .await;
    let widget: Value = serde_json::from_slice(&widget.stdout).unwrap();
    let widget = widget["id"].as_str().unwrap();
    let set = call(&[
        "widget",
        "set",
        widget,
        "--color",
        "#101010",
        "--position",
        "start",
        "--offset-x",
        "8",
        "--locale",
        "de",
        "--allowed-domain",
        "hotel.example",
        "--allowed-domain",
        "http://localhost:*",
    ])
    .await;
    let shown = String::from_utf8(set.stdout).unwrap();
    for line in ["primary_color      #101010", "position           start", "radius             4"] {
        assert!(shown.contains(line), "{shown}");
    }
    assert!(shown.contains("https://*.hotel.example http://*.hotel.example http://localhost:*"), "{shown}");
    let wrong = call(&["widget", "set", widget, "--color", "red", "--offset-x", "far"]).await;
    assert_eq!(wrong.status.code(), Some(1));
    let said = String::from_utf8(wrong.stderr).unwrap();
    assert!(said.contains("--color must be") && said.contains("--offset-x must be"), "{said}");
    assert_eq!(call(&["widget", "set", widget, "--colour", "#101010"]).await.status.code(), Some(2));
    let secret = call(&["widget", "secret", widget]).await;
    assert!(String::from_utf8(secret.stdout).unwrap().contains("not shown again"));
    let list = call(&["company", "list", "--data", "/nonexistent/porchlight"]).await;
    assert!(String::from_utf8(list.stderr).unwrap().contains("--data"));
}

#[tokio::test]
async fn a_server_listens_for_commands_as_long_as_it_runs() {
    let directory = tempfile::tempdir().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let config = Config {
        listen: ([127, 0, 0, 1], 0).into(),
        data: directory.path().to_owned(),
        public_url: None,
        upload_max_bytes: 1 << 20,
        mock: false,
        mock_script: None,
        trusted_proxies: Vec::new(),
        limits: Limits::NONE,
        max_connections: 100,
        log_format: server::config::LogFormat::Text,
        log: "info".into(),
    };
    let path = directory.path().join(socket::NAME);
    let commands = async {
        while !path.exists() {
            tokio::task::yield_now().await;
        }
        execute(directory.path(), create_company("Hotel")).await.unwrap();
        let listed = execute(directory.path(), Request::ListCompanies {}).await.unwrap();
        assert!(listed.to_string().contains("Hotel"));
        stop.send(()).unwrap();
    };
    let serving = serve::run(config, async { drop(stopped.await) });
    let (served, ()) = timeout(PATIENCE, async { tokio::join!(serving, commands) }).await.unwrap();
    served.unwrap();
    assert!(!path.exists());
}
