package carteiro.testkit;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/**
 * A DNS server on 127.0.0.1, UDP and TCP, that knows what it is told: {@code "example.org. 300 IN MX 10
 * mx.example.org."}. Names it was not told of do not exist. Answers too long for UDP are cut, as by real servers.
 */
public final class DnsOnLoopback implements AutoCloseable {
    private final DatagramSocket udp;
    private final ServerSocket tcp;
    private final Map<Name, List<Record>> records = new ConcurrentHashMap<>();
    private final Map<Name, Integer> failures = new ConcurrentHashMap<>();
    private final Set<Name> silent = ConcurrentHashMap.newKeySet();
    private final List<String> questions = new CopyOnWriteArrayList<>();

    private DnsOnLoopback(DatagramSocket udp, ServerSocket tcp) {
        this.udp = udp;
        this.tcp = tcp;
    }

    /** Starts one that knows these records. */
    public static DnsOnLoopback start(String... records) throws IOException {
        InetAddress loopback = InetAddress.ofLiteral("127.0.0.1");
        DnsOnLoopback dns = null;
        for (int tries = 0; dns == null; tries++) { // one port for both
            var tcp = new ServerSocket(0, 50, loopback);
            try {
                dns = new DnsOnLoopback(new DatagramSocket(tcp.getLocalPort(), loopback), tcp);
            } catch (IOException e) {
                tcp.close();
                if (tries == 20) {
                    throw e;
                }
            }
        }
        for (String record : records) {
            dns.knows(record);
        }
        Thread.ofVirtual().start(dns::serveUdp);
        Thread.ofVirtual().start(dns::serveTcp);
        return dns;
    }

    /** Where it listens, as control/dnsservers has it. */
    public String server() {
        return "127.0.0.1:" + udp.getLocalPort();
    }

    /** The port. */
    public int port() {
        return udp.getLocalPort();
    }

    /** What was asked: {@code MX example.org. udp}, in order. */
    public List<String> questions() {
        return List.copyOf(questions);
    }

    /** Adds a record, in the form of a zone file with a full name. */
    public DnsOnLoopback knows(String record) throws IOException {
        String[] words = record.split("\\s+", 5);
        Name name = Name.fromString(words[0], Name.root);
        records.computeIfAbsent(name, _ -> new CopyOnWriteArrayList<>())
                .add(Record.fromString(
                        name, Type.value(words[3]), DClass.IN, Long.parseLong(words[1]), words[4], Name.root));
        return this;
    }

    /** The name exists, without records. */
    public DnsOnLoopback knowsOf(String name) throws IOException {
        records.computeIfAbsent(Name.fromString(name, Name.root), _ -> new CopyOnWriteArrayList<>());
        return this;
    }

    /** Forgets the name: it does not exist any more. */
    public DnsOnLoopback forgets(String name) throws IOException {
        Name forgotten = Name.fromString(name, Name.root);
        records.remove(forgotten);
        failures.remove(forgotten);
        silent.remove(forgotten);
        return this;
    }

    /** Answers SERVFAIL for the name. */
    public DnsOnLoopback fails(String name) throws IOException {
        failures.put(Name.fromString(name, Name.root), Rcode.SERVFAIL);
        return this;
    }

    /** Does not answer for the name. */
    public DnsOnLoopback ignores(String name) throws IOException {
        silent.add(Name.fromString(name, Name.root));
        return this;
    }

    private void serveUdp() {
        byte[] buffer = new byte[65_535];
        while (true) {
            try {
                var packet = new DatagramPacket(buffer, buffer.length);
                udp.receive(packet);
                var query = new Message(java.util.Arrays.copyOf(packet.getData(), packet.getLength()));
                OPTRecord opt = query.getOPT();
                int room = opt == null ? 512 : Math.max(512, opt.getPayloadSize());
                Message answer = answer(query, "udp");
                if (answer != null) {
                    byte[] octets = answer.toWire(room);
                    udp.send(new DatagramPacket(octets, octets.length, packet.getSocketAddress()));
                }
            } catch (IOException e) {
                if (udp.isClosed()) {
                    return;
                }
            }
        }
    }

    private void serveTcp() {
        while (true) {
            try {
                Socket socket = tcp.accept();
                Thread.ofVirtual().start(() -> serve(socket));
            } catch (IOException e) {
                return;
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            var in = new DataInputStream(socket.getInputStream());
            while (true) {
                byte[] question = new byte[in.readUnsignedShort()];
                in.readFully(question);
                Message answer = answer(new Message(question), "tcp");
                if (answer != null) {
                    byte[] octets = answer.toWire(65_535);
                    byte[] framed = new byte[octets.length + 2];
                    framed[0] = (byte) (octets.length >> 8);
                    framed[1] = (byte) octets.length;
                    System.arraycopy(octets, 0, framed, 2, octets.length);
                    socket.getOutputStream().write(framed);
                }
            }
        } catch (IOException e) {
            // the client has gone
        }
    }

    private @Nullable Message answer(Message query, String carrier) throws IOException {
        Record question = query.getQuestion();
        questions.add(Type.string(question.getType()) + " " + question.getName() + " " + carrier);
        if (silent.contains(question.getName())) {
            return null;
        }
        var answer = new Message(query.getHeader().getID());
        answer.getHeader().setFlag(Flags.QR);
        answer.getHeader().setFlag(Flags.RA);
        answer.addRecord(question, Section.QUESTION);
        answer.getHeader().setRcode(failures.getOrDefault(question.getName(), Rcode.NOERROR));
        if (answer.getRcode() == Rcode.NOERROR) {
            find(question.getName(), question.getType(), answer);
        }
        return answer;
    }

    private void find(Name name, int type, Message answer) throws IOException {
        Name now = name;
        for (int aliases = 0; aliases < 10; aliases++) {
            List<Record> there = records.get(now);
            if (there == null) {
                answer.getHeader().setRcode(Rcode.NXDOMAIN);
                break;
            }
            var fitting = new ArrayList<Record>(
                    there.stream().filter(record -> record.getType() == type).toList());
            if (!fitting.isEmpty()) {
                fitting.forEach(record -> answer.addRecord(record, Section.ANSWER));
                return;
            }
            var alias = there.stream()
                    .filter(record -> record.getType() == Type.CNAME)
                    .findFirst();
            if (alias.isEmpty()) {
                break;
            }
            answer.addRecord(alias.get(), Section.ANSWER);
            now = ((org.xbill.DNS.CNAMERecord) alias.get()).getTarget();
        }
        answer.addRecord(
                Record.fromString(
                        Name.root, Type.SOA, DClass.IN, 60, "ns.example. root.example. 1 60 60 60 60", Name.root),
                Section.AUTHORITY);
    }

    @Override
    public void close() throws IOException {
        udp.close();
        tcp.close();
    }
}
