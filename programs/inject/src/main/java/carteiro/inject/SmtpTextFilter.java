package carteiro.inject;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;

/**
 * Keeps out of a message what SMTP forbids and our own smtpd refuses (RFC 5321 sections 4.5.2 and 4.5.3.1.6): the octet 0 is
 * left out, a longer line is broken. In the header the rest goes on behind a blank, so that it stays in its field. What is
 * allowed passes unchanged.
 */
final class SmtpTextFilter extends FilterOutputStream {
    private final int limit;
    private byte[] line = new byte[8 * 1024];
    private int filled; // of the line begun
    private boolean header = true;

    /** @param limit the most octets of a line, its LF not counted; at least 100 */
    SmtpTextFilter(OutputStream out, int limit) {
        super(out);
        this.limit = limit;
    }

    /** What follows is no header. */
    void body() {
        header = false;
    }

    @Override
    public void write(int octet) throws IOException {
        write(new byte[] {(byte) octet}, 0, 1);
    }

    @Override
    public void write(byte[] octets, int from, int length) throws IOException {
        int passed = from; // what stands before has been written
        int end = from + length;
        for (int at = from; at < end; ) {
            int next = at;
            while (next < end && octets[next] != '\n' && octets[next] != 0) {
                next++;
            }
            boolean lineEnd = next < end && octets[next] == '\n';
            if (lineEnd && filled == 0 && next - at <= limit) {
                at = next + 1; // the usual line: goes on with its neighbours
                continue;
            }
            out.write(octets, passed, at - passed);
            keep(octets, at, next - at);
            if (lineEnd) {
                endLine();
            }
            at = Math.min(next + 1, end);
            passed = at;
        }
        out.write(octets, passed, end - passed);
    }

    private void keep(byte[] octets, int from, int length) throws IOException {
        for (int done = 0; done < length; ) {
            if (filled == limit) {
                breakLine();
            }
            int count = Math.min(length - done, limit - filled);
            if (filled + count > line.length) {
                line = Arrays.copyOf(line, Math.min(limit, Math.max(2 * line.length, filled + count)));
            }
            System.arraycopy(octets, from + done, line, filled, count);
            filled += count;
            done += count;
        }
    }

    /** The line is full, and more of it follows. At least half of it is written, so that the work stays linear. */
    private void breakLine() throws IOException {
        int cut = limit;
        int blank = limit - 1;
        while (blank > limit / 2 && line[blank] != ' ' && line[blank] != '\t') {
            blank--;
        }
        if (blank > limit / 2) {
            cut = header ? blank : blank + 1;
        } else {
            while (cut > limit - 4 && (line[cut - 1] & 0xc0) == 0x80) {
                cut--; // not inside of a character of UTF-8
            }
            if (cut > limit - 4 && (line[cut - 1] & 0xc0) == 0xc0) {
                cut--;
            }
        }
        out.write(line, 0, cut);
        out.write('\n');
        int rest = filled - cut;
        int at = 0;
        byte[] kept = Arrays.copyOfRange(line, cut, filled);
        if (header && (rest == 0 || kept[0] != ' ' && kept[0] != '\t')) {
            line[at++] = ' ';
        }
        System.arraycopy(kept, 0, line, at, rest);
        filled = at + rest;
    }

    private void endLine() throws IOException {
        out.write(line, 0, filled);
        out.write('\n');
        filled = 0;
    }

    /** Writes what has no line end yet; nothing follows in its line. */
    void end() throws IOException {
        out.write(line, 0, filled);
        filled = 0;
    }

    @Override
    public void flush() throws IOException {
        end();
        super.flush();
    }
}
