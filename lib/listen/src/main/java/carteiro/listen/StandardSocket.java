package carteiro.listen;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/**
 * Standard input and output as a connection. A blocked read of standard input cannot be ended, so a thread of its own
 * does it and hands on what came.
 */
public final class StandardSocket extends Socket {
    private static final byte[] END = {};
    private static final int BLOCK = 8 * 1024;

    private final InputStream from;
    private final OutputStream to;
    private final BlockingQueue<byte[]> came = new ArrayBlockingQueue<>(4);
    private final InputStream handedOn = new HandedOn();
    private volatile boolean inputEnded;
    private volatile boolean closed;

    /** Begins to read. */
    public StandardSocket(InputStream from, OutputStream to) {
        this.from = from;
        this.to = to;
        Thread.ofPlatform().name("standard input").daemon(true).start(this::pump);
    }

    /** Below inetd standard error is the client's connection too: a line of the log there would be a reply to it. */
    public static boolean errorsGoToTheClient() {
        try {
            Path out = Files.readSymbolicLink(Path.of("/proc/self/fd/1"));
            return out.toString().startsWith("socket:")
                    && out.equals(Files.readSymbolicLink(Path.of("/proc/self/fd/2")));
        } catch (IOException e) {
            return false; // there is none, or nobody tells
        }
    }

    private void pump() {
        try {
            byte[] block = new byte[BLOCK];
            for (int length = from.read(block); length > 0 && !inputEnded; length = from.read(block)) {
                came.put(java.util.Arrays.copyOf(block, length));
            }
            came.put(END);
        } catch (IOException e) {
            shutdownInput();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private final class HandedOn extends InputStream {
        private byte[] block = {};
        private int at;

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] into, int start, int length) throws IOException {
            if (at == block.length) {
                if (inputEnded) {
                    return -1;
                }
                try {
                    block = came.take();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new IOException("interrupted", e);
                }
                at = 0;
                if (block.length == 0) {
                    inputEnded = true;
                    return -1;
                }
            }
            int taken = Math.min(length, block.length - at);
            System.arraycopy(block, at, into, start, taken);
            at += taken;
            return taken;
        }
    }

    @Override
    public InputStream getInputStream() {
        return handedOn;
    }

    @Override
    public OutputStream getOutputStream() {
        return to;
    }

    @Override
    public boolean isConnected() {
        return true;
    }

    @Override
    public boolean isClosed() {
        return closed;
    }

    @Override
    public boolean isOutputShutdown() {
        return closed;
    }

    @Override
    public void shutdownInput() {
        inputEnded = true;
        came.clear();
        came.offer(END); // wakes a waiting reader
    }

    @Override
    public void shutdownOutput() throws IOException {
        to.flush(); // the stream itself ends with the process
    }

    @Override
    public void close() throws IOException {
        closed = true;
        shutdownInput();
        to.close();
    }
}
