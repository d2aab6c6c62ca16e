//! Where the bytes of uploaded files are kept: a directory, one file for each, named by a key that nobody can guess.
//!
//! What a file is called and whom it belongs to is the database's knowledge; its bytes and what they are is known here. A
//! file is written beside the others first and takes its place when it is whole and on the disk, so what has a key is
//! complete. It never changes after that.

pub mod content_type;
mod incoming;
mod key;
mod name;

pub use key::FileKey;
pub use name::clean_name;

use self::incoming::Incoming;
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt, stream};
use sha2::{Digest, Sha256};
use std::{
    fs, io,
    ops::Range,
    path::{Path, PathBuf},
    pin::pin,
    sync::Arc,
};
use tokio::{
    io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt},
    task::spawn_blocking,
};

/// How much is read at once when a file is served.
const READ_BYTES: u64 = 64 * 1024;

/// The directory, opened. Cheap to clone.
#[derive(Clone)]
pub struct Files {
    directory: Arc<Path>,
    max_bytes: u64,
}

/// What is known of a file that was just stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    pub key: FileKey,
    pub size: u64,
    pub sha256: [u8; 32],
    /// What the bytes are, whatever their sender calls them; one of [`content_type::SERVED`].
    pub content_type: &'static str,
    /// Width and height of an image, as it is stored: a camera's note to turn it is not regarded.
    pub image_size: Option<(u32, u32)>,
}

/// Why a file was not stored. Nothing of it is kept.
#[derive(Debug, thiserror::Error)]
pub enum StoreFileError<E> {
    #[error("the file is too large")]
    TooLarge,
    #[error("the file is empty")]
    Empty,
    /// Whoever sends it broke off.
    #[error("the upload broke off")]
    Upload(E),
    #[error("the disk is full")]
    Full,
    #[error("the file can't be written")]
    Io(#[source] io::Error),
}

impl<E> From<io::Error> for StoreFileError<E> {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::Io(error),
        }
    }
}

impl Files {
    /// Makes the directory where it is missing, and removes what unfinished uploads of an earlier process left. One
    /// process at a time may use a directory.
    pub fn open(directory: &Path, max_bytes: u64) -> io::Result<Self> {
        incoming::clear(directory)?;
        Ok(Self { directory: directory.into(), max_bytes })
    }

    /// Stores what the stream brings, never holding more than a piece of it in memory. Returns when it is on the disk. Who
    /// drops the future before has stored nothing.
    pub async fn store<E>(
        &self,
        bytes: impl Stream<Item = Result<Bytes, E>>,
    ) -> Result<StoredFile, StoreFileError<E>> {
        let directory = Arc::clone(&self.directory);
        let (file, incoming) = blocking(move || Incoming::create(&directory)).await?;
        let mut file = tokio::fs::File::from_std(file);
        let mut size = 0;
        let mut digest = Sha256::new();
        let mut bytes = pin!(bytes);
        while let Some(chunk) = bytes.next().await {
            let chunk = chunk.map_err(StoreFileError::Upload)?;
            size += chunk.len() as u64;
            if size > self.max_bytes {
                return Err(StoreFileError::TooLarge);
            }
            digest.update(&chunk);
            file.write_all(&chunk).await?;
        }
        if size == 0 {
            return Err(StoreFileError::Empty);
        }
        // Errors of the last write come here.
        file.flush().await?;
        let mut file = file.into_std().await;
        let key = FileKey::generate();
        let place = self.path(&key);
        let (kind, placed) = blocking(move || {
            let kind = content_type::of(&mut file)?;
            Ok((kind, incoming.place(&file, place)?))
        })
        .await?;
        placed.keep();
        let content_type::Kind { content_type, image_size } = kind;
        Ok(StoredFile { key, size, sha256: digest.finalize().into(), content_type, image_size })
    }

    /// How many bytes the file has; `None` when there is none with this key.
    pub async fn size(&self, key: &FileKey) -> io::Result<Option<u64>> {
        found(tokio::fs::metadata(self.path(key)).await.map(|metadata| metadata.len()))
    }

    /// The size of the whole file, and its bytes or those of a range that lies inside of it. `None` when there is no file
    /// with this key.
    pub async fn read(
        &self,
        key: &FileKey,
        range: Option<Range<u64>>,
    ) -> io::Result<Option<(u64, impl Stream<Item = io::Result<Bytes>> + use<>)>> {
        let Some(mut file) = found(tokio::fs::File::open(self.path(key)).await)? else { return Ok(None) };
        let size = file.metadata().await?.len();
        let range = range.unwrap_or(0..size);
        if range.start > 0 {
            file.seek(io::SeekFrom::Start(range.start)).await?;
        }
        let n_left = range.end.saturating_sub(range.start);
        let bytes = stream::try_unfold((file, n_left), |(mut file, n_left)| async move {
            if n_left == 0 {
                return Ok(None);
            }
            let n_wanted = n_left.min(READ_BYTES);
            let mut chunk = BytesMut::with_capacity(usize::try_from(n_wanted).unwrap_or(usize::MAX));
            let n_read = (&mut file).take(n_wanted).read_buf(&mut chunk).await? as u64;
            if n_read == 0 {
                // The length was announced; an error says that it won't be reached.
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            Ok(Some((chunk.freeze(), (file, n_left - n_read))))
        });
        Ok(Some((size, bytes)))
    }

    /// Removes a file. One that isn't there is removed already.
    pub async fn remove(&self, key: &FileKey) -> io::Result<()> {
        found(tokio::fs::remove_file(self.path(key)).await).map(|_| ())
    }

    /// Files are spread over folders, since a folder with very many entries is slow to work with.
    fn path(&self, key: &FileKey) -> PathBuf {
        self.directory.join(&key.as_str()[..2]).join(key.as_str())
    }
}

fn found<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Runs what would hold up others. Who stops waiting for it drops what it returns, once it is there.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    spawn_blocking(work).await.map_err(io::Error::other)?
}

/// Makes what happened to a folder's entries durable. Not every system can; there the folder is durable by itself.
fn sync_directory(directory: &Path) -> io::Result<()> {
    if cfg!(unix) { fs::File::open(directory)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::TryStreamExt;
    use std::{convert::Infallible, future::poll_fn, task::Poll};
    use tempfile::TempDir;

    type Chunk = Result<Bytes, &'static str>;

    fn open(max_bytes: u64) -> (TempDir, Files) {
        let directory = tempfile::tempdir().unwrap();
        let files = Files::open(&directory.path().join("files"), max_bytes).unwrap();
        (directory, files)
    }

    fn chunks(chunks: &[&'static str]) -> impl Stream<Item = Chunk> + use<> {
        stream::iter(chunks.iter().map(|chunk| Ok(Bytes::from_static(chunk.as_bytes()))).collect::<Vec<_>>())
    }

    async fn store(files: &Files, bytes: impl Into<Bytes>) -> StoredFile {
        files.store(stream::iter([Ok::<_, Infallible>(bytes.into())])).await.unwrap()
    }

    async fn read(files: &Files, key: &FileKey, range: Option<Range<u64>>) -> Option<(u64, Vec<u8>)> {
        let (size, bytes) = files.read(key, range).await.unwrap()?;
        Some((size, bytes.try_collect::<Vec<_>>().await.unwrap().concat()))
    }

    /// Every file in a directory, whatever it is for.
    fn entries(directory: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { found.extend(entries(&path)) } else { found.push(path) }
        }
        found
    }

    #[tokio::test]
    async fn a_file_is_stored_and_read_back() {
        let (directory, files) = open(100);
        let stored = files.store(chunks(&["hello, ", "", "world"])).await.unwrap();
        assert_eq!(stored.size, 12);
        assert_eq!(stored.sha256, <[u8; 32]>::from(Sha256::digest(b"hello, world")));
        assert_eq!((stored.content_type, stored.image_size), ("text/plain; charset=utf-8", None));
        assert_eq!(files.size(&stored.key).await.unwrap(), Some(12));
        assert_eq!(read(&files, &stored.key, None).await.unwrap(), (12, b"hello, world".to_vec()));
        let [path] = &entries(directory.path())[..] else { panic!("one file") };
        let key = stored.key.as_str();
        assert!(path.ends_with(Path::new("files").join(&key[..2]).join(key)), "{}", path.display());
    }

    #[tokio::test]
    async fn a_part_of_a_file_is_read() {
        let (_directory, files) = open(1 << 20);
        let bytes: Vec<u8> = (0..200_000_u32).map(|n| n.to_le_bytes()[n as usize % 3]).collect();
        let key = store(&files, bytes.clone()).await.key;
        for range in [0..1, 0..65_536, 65_535..65_537, 1..200_000, 199_999..200_000, 7..7] {
            let (size, part) = read(&files, &key, Some(range.clone())).await.unwrap();
            assert_eq!(size, 200_000);
            assert_eq!(
                part,
                bytes[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()]
            );
        }
    }

    #[tokio::test]
    async fn a_range_that_ends_behind_the_file_is_an_error_and_not_a_short_answer() {
        let (_directory, files) = open(100);
        let key = store(&files, "abc").await.key;
        let (_, bytes) = files.read(&key, Some(1..4)).await.unwrap().unwrap();
        let error = bytes.try_collect::<Vec<_>>().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[tokio::test]
    async fn a_file_may_be_as_large_as_the_limit_and_leaves_nothing_when_it_is_larger() {
        let (directory, files) = open(6);
        for parts in [&["ab", "cd", "e"] as &[_], &["abc", "def"], &["abcdef"]] {
            assert!(files.store(chunks(parts)).await.is_ok());
        }
        let n_kept = entries(directory.path()).len();
        assert_eq!(n_kept, 3);
        for parts in [&["abc", "defg"] as &[_], &["abcdefg"], &["abcdef", "g"]] {
            assert!(matches!(files.store(chunks(parts)).await, Err(StoreFileError::TooLarge)));
        }
        assert_eq!(entries(directory.path()).len(), n_kept);
    }

    #[tokio::test]
    async fn what_is_too_large_is_not_read_to_its_end() {
        let (directory, files) = open(6);
        let endless = stream::repeat_with(|| Chunk::Ok(Bytes::from_static(b"abcd")));
        assert!(matches!(files.store(endless).await, Err(StoreFileError::TooLarge)));
        assert_eq!(entries(directory.path()), [""; 0].map(PathBuf::from));
    }

    #[tokio::test]
    async fn an_empty_file_is_refused() {
        let (directory, files) = open(6);
        for parts in [&[] as &[_], &["", ""]] {
            assert!(matches!(files.store(chunks(parts)).await, Err(StoreFileError::Empty)));
        }
        assert_eq!(entries(directory.path()), [""; 0].map(PathBuf::from));
    }

    #[tokio::test]
    async fn an_upload_that_breaks_off_leaves_nothing_behind() {
        let (directory, files) = open(100);
        let broken = chunks(&["abc", "def"]).chain(stream::iter([Chunk::Err("reset by peer")]));
        let error = files.store(broken).await.unwrap_err();
        assert!(matches!(error, StoreFileError::Upload("reset by peer")), "{error:?}");
        assert_eq!(entries(directory.path()), [""; 0].map(PathBuf::from));
    }

    #[tokio::test]
    async fn an_upload_that_nobody_waits_for_any_more_leaves_nothing_behind() {
        let (directory, files) = open(100);
        let stalled = chunks(&["abc"]).chain(stream::pending());
        let mut storing = Box::pin(files.store(stalled));
        poll_fn(|context| {
            assert!(storing.as_mut().poll(context).is_pending());
            if entries(directory.path()).is_empty() { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
        drop(storing);
        assert_eq!(entries(directory.path()), [""; 0].map(PathBuf::from));
    }

    #[tokio::test]
    async fn leftovers_of_an_earlier_process_are_removed_and_files_are_kept() {
        let (directory, files) = open(100);
        let kept = store(&files, "kept").await.key;
        let root = directory.path().join("files");
        fs::write(root.join("incoming/leftover"), "abc").unwrap();
        let files = Files::open(&root, 100).unwrap();
        assert_eq!(entries(&root.join("incoming")), [""; 0].map(PathBuf::from));
        assert_eq!(read(&files, &kept, None).await.unwrap().1, b"kept");
    }

    #[tokio::test]
    async fn a_removed_file_is_gone_and_can_be_removed_again() {
        let (_directory, files) = open(100);
        let key = store(&files, "abc").await.key;
        files.remove(&key).await.unwrap();
        assert_eq!(files.size(&key).await.unwrap(), None);
        assert!(read(&files, &key, None).await.is_none());
        files.remove(&key).await.unwrap();
    }

    #[tokio::test]
    async fn an_image_is_known_by_its_bytes() {
        let (_directory, files) = open(100);
        let stored = store(&files, &b"GIF89a\x02\x00\x03\x00\x80\x00\x00"[..]).await;
        assert_eq!((stored.content_type, stored.image_size), ("image/gif", Some((2, 3))));
    }

    #[test]
    fn a_full_disk_is_told_from_a_broken_one() {
        for kind in [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded] {
            assert!(matches!(StoreFileError::<()>::from(io::Error::from(kind)), StoreFileError::Full));
        }
        let error = StoreFileError::<()>::from(io::Error::from(io::ErrorKind::PermissionDenied));
        assert!(matches!(error, StoreFileError::Io(_)));
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_disk_that_is_full_while_it_is_written_to_is_told_as_such() {
        // The device that is always full, for the place where uploads are written.
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut full = tokio::fs::File::from_std(full);
        full.write_all(b"abc").await.unwrap();
        let error = full.flush().await.unwrap_err();
        assert!(matches!(StoreFileError::<()>::from(error), StoreFileError::Full));
    }
}
