package carteiro.tools;

import carteiro.mail.Address;
import carteiro.mail.MailDate;
import carteiro.mail.Octets;
import carteiro.posix.Invocation;
import carteiro.protocol.Enqueue;
import carteiro.tools.CommandSubmission.SubmissionResult;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** qreceipt: in {@code .qmail}, answers a request for a notice of delivery (docs/programs/qreceipt.md). */
public final class Qreceipt {
    /** The most octets of a header that are looked at; a request further down is not answered. */
    static final int HEADER_LIMIT = 1 << 20;

    private Qreceipt() {}

    /** The command. */
    public static void main(String[] arguments) {
        Invocation.runAndExit("qreceipt", arguments, call -> CommandSubmission.withQueue(call, Qreceipt::run));
    }

    static int run(Invocation call, Enqueue queue) throws IOException {
        if (call.arguments().size() != 1) {
            call.complain("qreceipt: usage: qreceipt deliveryaddress\n");
            return Exit.PERMANENT;
        }
        if (!call.environment().containsKey("SENDER")) {
            call.complain("qreceipt: fatal: SENDER not set; qreceipt is for .qmail files\n");
            return Exit.PERMANENT;
        }
        String address = call.arguments().getFirst();
        String sender = call.variable("SENDER");
        if (sender.isEmpty() || sender.equals(Address.DOUBLE_BOUNCE.octets())) {
            return 0;
        }
        ReceiptFields header = ReceiptFields.read(call.in());
        if (!header.asks(address)) {
            return 0;
        }
        SubmissionResult result = CommandSubmission.queue(
                call,
                queue,
                call.variable("DTLINE") + notice(address, sender, header.messageId()),
                InputStream.nullInputStream(),
                "",
                List.of(sender));
        return switch (result) {
            case SubmissionResult.MessageQueued _ -> 0;
            case SubmissionResult.MessageRefused(int code, String text) -> {
                call.complain("qreceipt: fatal: unable to queue the notice: " + text + "\n");
                yield code;
            }
        };
    }

    private static String notice(String address, String sender, String messageId) {
        String quoted = new Address(address).quoted();
        return "Date: " + MailDate.format(Instant.now()) + "\nFrom: DELIVERY NOTICE SYSTEM <" + quoted + ">\nTo: <"
                + new Address(sender).quoted() + ">\nSubject: success notice\nAuto-Submitted: auto-replied\n"
                + "\nHi! This is the qreceipt program. Your message was delivered to\n" + address
                + "\nas you asked to be told.\n" + (messageId.isEmpty() ? "" : "\nMessage-ID:" + messageId);
    }

    /**
     * The two fields that matter.
     *
     * @param requests bodies of Notice-Requested-Upon-Delivery-To
     * @param messageId the body of Message-ID with its line end; empty if there is none
     */
    private record ReceiptFields(List<String> requests, String messageId) {
        static ReceiptFields read(InputStream in) throws IOException {
            var buffered = new BufferedInputStream(in, 16 * 1024);
            var requests = new ArrayList<String>();
            String messageId = "";
            var field = new StringBuilder();
            int left = HEADER_LIMIT;
            String line = line(buffered, left);
            while (!line.isEmpty() && !line.equals("\n")) {
                boolean continues = line.startsWith(" ") || line.startsWith("\t");
                if (!continues) {
                    messageId = finish(field, requests, messageId);
                }
                field.append(line);
                left -= line.length();
                line = line(buffered, left);
            }
            return new ReceiptFields(requests, finish(field, requests, messageId));
        }

        private static String finish(StringBuilder field, List<String> requests, String messageId) {
            String text = field.toString();
            field.setLength(0);
            int colon = text.indexOf(':');
            String body = text.substring(colon + 1);
            return switch (Octets.lowerCase(text.substring(0, Math.max(0, colon)))
                    .stripTrailing()) {
                case "notice-requested-upon-delivery-to" -> {
                    requests.add(body);
                    yield messageId;
                }
                case "message-id" -> body.length() > 2000 ? messageId : body;
                default -> messageId;
            };
        }

        private static String line(InputStream in, int limit) throws IOException {
            var line = new StringBuilder();
            while (line.length() < limit) {
                int octet = in.read();
                if (octet < 0) {
                    return line.isEmpty() ? "" : line.append('\n').toString();
                }
                line.append((char) octet);
                if (octet == '\n') {
                    return line.toString();
                }
            }
            return "";
        }

        boolean asks(String address) {
            for (String request : requests) {
                if (addresses(request).contains(address)) {
                    return true;
                }
            }
            return false;
        }

        /** The addresses of a list, without comments, names, brackets and quotes. */
        private static List<String> addresses(String body) {
            var addresses = new ArrayList<String>();
            var address = new StringBuilder();
            int comments = 0;
            boolean quoted = false;
            for (int i = 0; i < body.length(); i++) {
                char c = body.charAt(i);
                boolean escaped = c == '\\' && i + 1 < body.length();
                if (escaped) {
                    c = body.charAt(++i);
                }
                if (!escaped && c == '"' && comments == 0) {
                    quoted = !quoted;
                } else if (!escaped && !quoted && c == '(') {
                    comments++;
                } else if (!escaped && !quoted && c == ')' && comments > 0) {
                    comments--;
                } else if (comments == 0 && !escaped && !quoted && c == '<') {
                    address.setLength(0);
                } else if (comments == 0 && !escaped && !quoted && (c == ',' || c == '>')) {
                    add(addresses, address);
                } else if (comments == 0 && (escaped || quoted || c > ' ')) {
                    address.append(c);
                }
            }
            add(addresses, address);
            return addresses;
        }

        private static void add(List<String> addresses, StringBuilder address) {
            if (!address.isEmpty()) {
                addresses.add(address.toString());
            }
            address.setLength(0);
        }
    }
}
