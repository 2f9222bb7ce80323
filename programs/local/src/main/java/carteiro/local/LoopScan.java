package carteiro.local;

import carteiro.mail.Octets;
import carteiro.maildir.MessageOctets;
import java.io.IOException;
import java.io.InputStream;

/** Looks for a line in the header of a message, octet for octet; linear, and without memory of the line. */
final class LoopScan {
    private static final int CHUNK = 8 * 1024;
    private static final int DIFFERENT = -1;

    private LoopScan() {}

    /** Whether the header, which ends at the first empty line, has that line. */
    static boolean finds(String lineWithEnd, MessageOctets message) throws IOException {
        byte[] line = Octets.bytes(lineWithEnd);
        byte[] chunk = new byte[CHUNK];
        int same = 0; // octets of this line that are the same so far
        boolean empty = true; // nothing of this line seen yet
        try (InputStream in = message.open()) {
            for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
                for (int i = 0; i < count; i++) {
                    same = same != DIFFERENT && chunk[i] == line[same] ? same + 1 : DIFFERENT;
                    if (same == line.length) {
                        return true;
                    }
                    if (chunk[i] != '\n') {
                        empty = false;
                    } else if (empty) {
                        return false;
                    } else {
                        same = 0;
                        empty = true;
                    }
                }
            }
        }
        return false;
    }
}
