package carteiro.testkit;

import java.io.IOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.StandardOpenOption;
import java.nio.file.WatchService;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.spi.FileSystemProvider;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** The paths of a {@link ModelDisk}: as much of Java's file systems as programs of ours use. */
final class ModelFileSystem extends FileSystem {
    private static final AtomicLong COUNT = new AtomicLong();

    private final ModelDisk disk;
    private final String name = "model" + COUNT.incrementAndGet() + ":"; // two disks have no path in common
    private final Provider provider = new Provider();

    ModelFileSystem(ModelDisk disk) {
        this.disk = disk;
    }

    Path root() {
        return new ModelPath(this, true, "");
    }

    /** What its absolute paths begin with, before the slash. */
    String name() {
        return name;
    }

    @Override
    public FileSystemProvider provider() {
        return provider;
    }

    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public boolean isReadOnly() {
        return false;
    }

    @Override
    public String getSeparator() {
        return "/";
    }

    @Override
    public Iterable<Path> getRootDirectories() {
        return List.of(root());
    }

    @Override
    public Iterable<FileStore> getFileStores() {
        return List.of();
    }

    @Override
    public Set<String> supportedFileAttributeViews() {
        return Set.of("basic");
    }

    @Override
    public Path getPath(String first, String... more) {
        String text = more.length == 0 ? first : first + "/" + String.join("/", more);
        boolean absolute = text.startsWith(name + "/") || text.startsWith("/");
        String rest = text.startsWith(name + "/") ? text.substring(name.length()) : text;
        var parts = new ArrayList<String>();
        for (String part : rest.split("/", -1)) {
            if (!part.isEmpty()) {
                parts.add(part);
            }
        }
        return new ModelPath(this, absolute, String.join("/", parts));
    }

    @Override
    public PathMatcher getPathMatcher(String syntaxAndPattern) {
        throw new UnsupportedOperationException();
    }

    @Override
    public UserPrincipalLookupService getUserPrincipalLookupService() {
        throw new UnsupportedOperationException();
    }

    @Override
    public WatchService newWatchService() {
        throw new UnsupportedOperationException();
    }

    private record ModelAttributes(boolean isDirectory, long size) implements BasicFileAttributes {
        @Override
        public FileTime lastModifiedTime() {
            return FileTime.fromMillis(0);
        }

        @Override
        public FileTime lastAccessTime() {
            return FileTime.fromMillis(0);
        }

        @Override
        public FileTime creationTime() {
            return FileTime.fromMillis(0);
        }

        @Override
        public boolean isRegularFile() {
            return !isDirectory;
        }

        @Override
        public boolean isSymbolicLink() {
            return false;
        }

        @Override
        public boolean isOther() {
            return false;
        }

        @Override
        public @Nullable Object fileKey() {
            return null;
        }
    }

    private final class Provider extends FileSystemProvider {
        private static String name(Path path) {
            return ((ModelPath) path.toAbsolutePath()).name();
        }

        @Override
        public String getScheme() {
            return "model";
        }

        @Override
        public FileSystem newFileSystem(URI uri, Map<String, ?> env) {
            throw new UnsupportedOperationException();
        }

        @Override
        public FileSystem getFileSystem(URI uri) {
            return ModelFileSystem.this;
        }

        @Override
        public Path getPath(URI uri) {
            throw new UnsupportedOperationException();
        }

        @Override
        public SeekableByteChannel newByteChannel(
                Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes) throws IOException {
            return newFileChannel(path, options, attributes);
        }

        @Override
        public FileChannel newFileChannel(Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
                throws IOException {
            String name = name(path);
            synchronized (disk) {
                boolean exists = true;
                try {
                    if (disk.isFolder(name)) {
                        return ModelChannel.ofFolder(disk, name);
                    }
                } catch (NoSuchFileException e) {
                    exists = false;
                }
                if (exists && options.contains(StandardOpenOption.CREATE_NEW)) {
                    throw new FileAlreadyExistsException(path.toString());
                }
                int file;
                if (exists) {
                    file = disk.file(name);
                } else if (options.contains(StandardOpenOption.CREATE)
                        || options.contains(StandardOpenOption.CREATE_NEW)) {
                    file = disk.create(name);
                } else {
                    throw new NoSuchFileException(path.toString());
                }
                if (options.contains(StandardOpenOption.TRUNCATE_EXISTING)) {
                    disk.truncate(file, 0);
                }
                return ModelChannel.ofFile(disk, file, options.contains(StandardOpenOption.APPEND));
            }
        }

        @Override
        public DirectoryStream<Path> newDirectoryStream(Path folder, DirectoryStream.Filter<? super Path> filter)
                throws IOException {
            var paths = new ArrayList<Path>();
            for (String name : disk.list(name(folder))) {
                Path path = folder.resolve(name);
                if (filter.accept(path)) {
                    paths.add(path);
                }
            }
            return new DirectoryStream<>() {
                @Override
                public Iterator<Path> iterator() {
                    return paths.iterator();
                }

                @Override
                public void close() {}
            };
        }

        @Override
        public void createDirectory(Path folder, FileAttribute<?>... attributes) throws IOException {
            disk.makeFolder(name(folder));
        }

        @Override
        public void createLink(Path link, Path existing) throws IOException {
            disk.link(name(existing), name(link));
        }

        @Override
        public void delete(Path path) throws IOException {
            disk.delete(name(path));
        }

        @Override
        public void copy(Path source, Path target, CopyOption... options) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void move(Path source, Path target, CopyOption... options) throws IOException {
            disk.rename(name(source), name(target));
        }

        @Override
        public boolean isSameFile(Path path, Path other) {
            return path.toAbsolutePath().equals(other.toAbsolutePath());
        }

        @Override
        public boolean isHidden(Path path) {
            return false;
        }

        @Override
        public FileStore getFileStore(Path path) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void checkAccess(Path path, AccessMode... modes) throws IOException {
            var _ = disk.isFolder(name(path));
        }

        @Override
        public <V extends FileAttributeView> @Nullable V getFileAttributeView(
                Path path, Class<V> type, LinkOption... options) {
            return null;
        }

        @Override
        public <A extends BasicFileAttributes> A readAttributes(Path path, Class<A> type, LinkOption... options)
                throws IOException {
            synchronized (disk) {
                boolean isFolder = disk.isFolder(name(path));
                return type.cast(new ModelAttributes(isFolder, isFolder ? 0 : disk.size(disk.file(name(path)))));
            }
        }

        @Override
        public Map<String, Object> readAttributes(Path path, String attributes, LinkOption... options) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void setAttribute(Path path, String attribute, @Nullable Object value, LinkOption... options) {
            throw new UnsupportedOperationException();
        }
    }
}
