package carteiro.tools;

import carteiro.mail.Envelope;
import carteiro.protocol.Enqueue;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** A queue that keeps what is committed and answers what the test says. */
final class Recorded implements Enqueue {
    record Message(String text, Envelope envelope) {
        /** Without the Received field on top. */
        String withoutReceived() {
            return text.substring(text.indexOf('\n') + 1);
        }

        List<String> recipients() {
            return envelope.addresses().stream().map(a -> a.octets()).toList();
        }

        String sender() {
            return envelope.sender().octets();
        }
    }

    final List<Message> messages = new CopyOnWriteArrayList<>();
    final AtomicInteger withdrawn = new AtomicInteger();
    volatile Receipt answer = new Receipt.Accepted(457);

    @Override
    public Submission open() {
        var octets = new ByteArrayOutputStream();
        return new Submission() {
            private boolean committed;

            @Override
            public void write(byte[] part, int from, int length) {
                octets.write(part, from, length);
            }

            @Override
            public Receipt commit(Envelope envelope, String fields) throws IOException {
                committed = true;
                messages.add(new Message(octets.toString(StandardCharsets.ISO_8859_1), envelope));
                return answer;
            }

            @Override
            public void close() {
                if (!committed) {
                    withdrawn.incrementAndGet();
                }
            }
        };
    }

    Message only() {
        if (messages.size() != 1) {
            throw new AssertionError(messages.size() + " messages in the queue: " + messages);
        }
        return messages.getFirst();
    }
}
