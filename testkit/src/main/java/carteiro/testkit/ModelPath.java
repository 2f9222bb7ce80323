package carteiro.testkit;

import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A path of a {@link ModelDisk}. */
final class ModelPath implements Path {
    private final ModelFileSystem fileSystem;
    private final boolean absolute;
    private final String name; // parts joined by slashes, none in front

    ModelPath(ModelFileSystem fileSystem, boolean absolute, String name) {
        this.fileSystem = fileSystem;
        this.absolute = absolute;
        this.name = name;
    }

    String name() {
        return name;
    }

    private List<String> parts() {
        return name.isEmpty() ? List.of() : Arrays.asList(name.split("/", -1));
    }

    @Override
    public FileSystem getFileSystem() {
        return fileSystem;
    }

    @Override
    public boolean isAbsolute() {
        return absolute;
    }

    @Override
    public @Nullable Path getRoot() {
        return absolute ? fileSystem.root() : null;
    }

    @Override
    public @Nullable Path getFileName() {
        return name.isEmpty() ? null : getName(getNameCount() - 1);
    }

    @Override
    public @Nullable Path getParent() {
        int slash = name.lastIndexOf('/');
        if (slash < 0) {
            return absolute && !name.isEmpty() ? fileSystem.root() : null;
        }
        return new ModelPath(fileSystem, absolute, name.substring(0, slash));
    }

    @Override
    public int getNameCount() {
        return parts().size();
    }

    @Override
    public Path getName(int index) {
        return new ModelPath(fileSystem, false, parts().get(index));
    }

    @Override
    public Path subpath(int from, int to) {
        return new ModelPath(fileSystem, false, String.join("/", parts().subList(from, to)));
    }

    @Override
    public boolean startsWith(Path other) {
        return other instanceof ModelPath start
                && start.absolute == absolute
                && parts().size() >= start.parts().size()
                && parts().subList(0, start.parts().size()).equals(start.parts());
    }

    @Override
    public boolean endsWith(Path other) {
        int from = parts().size() - other.getNameCount();
        return other instanceof ModelPath end
                && from >= 0
                && parts().subList(from, parts().size()).equals(end.parts());
    }

    @Override
    public Path normalize() {
        var parts = new ArrayList<String>();
        for (String part : parts()) {
            if (part.equals("..") && !parts.isEmpty()) {
                parts.removeLast();
            } else if (!part.equals(".")) {
                parts.add(part);
            }
        }
        return new ModelPath(fileSystem, absolute, String.join("/", parts));
    }

    @Override
    public Path resolve(Path other) {
        if (other.isAbsolute()) {
            return other;
        }
        String rest = ((ModelPath) other).name;
        return rest.isEmpty() ? this : new ModelPath(fileSystem, absolute, name.isEmpty() ? rest : name + "/" + rest);
    }

    @Override
    public Path relativize(Path other) {
        if (!other.startsWith(this)) {
            throw new UnsupportedOperationException();
        }
        return new ModelPath(
                fileSystem,
                false,
                String.join("/", ((ModelPath) other).parts().subList(getNameCount(), other.getNameCount())));
    }

    @Override
    public URI toUri() {
        throw new UnsupportedOperationException();
    }

    @Override
    public Path toAbsolutePath() {
        return absolute ? this : new ModelPath(fileSystem, true, name);
    }

    @Override
    public Path toRealPath(LinkOption... options) {
        return toAbsolutePath().normalize();
    }

    @Override
    public WatchKey register(WatchService watcher, WatchEvent.Kind<?>[] events, WatchEvent.Modifier... modifiers) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int compareTo(Path other) {
        return toString().compareTo(other.toString());
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ModelPath path
                && path.fileSystem == fileSystem
                && path.absolute == absolute
                && path.name.equals(name);
    }

    @Override
    public int hashCode() {
        return Objects.hash(absolute, name);
    }

    @Override
    public String toString() {
        return absolute ? fileSystem.name() + "/" + name : name;
    }
}
