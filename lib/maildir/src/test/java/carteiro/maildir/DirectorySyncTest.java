package carteiro.maildir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class DirectorySyncTest {
    private static final Path FOLDER = Path.of("/folder");

    /** A folder whose force waits for a permit, and fails if told to. */
    private static final class Folder extends FileChannel {
        final AtomicInteger begun = new AtomicInteger();
        final Semaphore permits = new Semaphore(0);
        volatile boolean fails;

        @Override
        public void force(boolean metaData) throws IOException {
            begun.incrementAndGet();
            permits.acquireUninterruptibly();
            if (fails) {
                throw new IOException("disk");
            }
        }

        @Override
        public int read(ByteBuffer to) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long read(ByteBuffer[] to, int from, int length) {
            throw new UnsupportedOperationException();
        }

        @Override
        public int write(ByteBuffer octets) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long write(ByteBuffer[] octets, int from, int length) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long position() {
            throw new UnsupportedOperationException();
        }

        @Override
        public FileChannel position(long position) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long size() {
            throw new UnsupportedOperationException();
        }

        @Override
        public FileChannel truncate(long size) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long transferTo(long position, long count, WritableByteChannel target) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long transferFrom(ReadableByteChannel source, long position, long count) {
            throw new UnsupportedOperationException();
        }

        @Override
        public int read(ByteBuffer to, long position) {
            throw new UnsupportedOperationException();
        }

        @Override
        public int write(ByteBuffer octets, long position) {
            throw new UnsupportedOperationException();
        }

        @Override
        public MappedByteBuffer map(MapMode mode, long position, long size) {
            throw new UnsupportedOperationException();
        }

        @Override
        public FileLock lock(long position, long size, boolean shared) {
            throw new UnsupportedOperationException();
        }

        @Override
        public FileLock tryLock(long position, long size, boolean shared) {
            throw new UnsupportedOperationException();
        }

        @Override
        protected void implCloseChannel() {}
    }

    private static List<FutureTask<Void>> start(int count, DirectorySync sync, Folder folder) throws Exception {
        var calling = new CountDownLatch(count);
        var tasks = new ArrayList<FutureTask<Void>>();
        for (int i = 0; i < count; i++) {
            var task = new FutureTask<Void>(() -> {
                calling.countDown();
                sync.force(FOLDER, folder);
                return null;
            });
            tasks.add(task);
            Thread thread = Thread.ofPlatform().daemon(true).start(task);
            while (thread.getState() != Thread.State.WAITING) { // all are at it before anything ends
                Thread.onSpinWait();
            }
        }
        calling.await();
        return tasks;
    }

    @Test
    void whoComesWhileOneRunsSharesTheNext() throws Exception {
        var sync = new DirectorySync();
        var folder = new Folder();
        var first = start(1, sync, folder).getFirst();
        var others = start(10, sync, folder);
        assertThat(folder.begun).hasValue(1);
        folder.permits.release();
        first.get();
        assertThat(others).noneMatch(FutureTask::isDone);
        folder.permits.release();
        for (FutureTask<Void> other : others) {
            other.get();
        }
        assertThat(folder.begun).hasValue(2);
    }

    @Test
    void aFailureIsToldToAllWhomItWouldHaveCoveredAndToNobodyAfter() throws Exception {
        var sync = new DirectorySync();
        var folder = new Folder();
        var first = start(1, sync, folder).getFirst();
        var others = start(3, sync, folder);
        folder.permits.release();
        first.get();
        folder.fails = true;
        folder.permits.release();
        for (FutureTask<Void> other : others) {
            assertThatThrownBy(other::get).hasRootCauseMessage("disk");
        }
        folder.fails = false;
        folder.permits.release();
        sync.force(FOLDER, folder);
    }
}
