import java.io.ByteArrayInputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import org.jgroups.JChannel;

/**
 * Two JGroups nodes that find each other through S3_PING, until a line on standard input ends them. Prints the views, and
 * `tick` now and then, so that whoever watches can pace itself. With the argument `apart`, the second node reaches nobody.
 */
public class Nodes {
    static String stack(String address, int port, boolean apart) {
        return "<config xmlns=\"urn:org:jgroups\">"
            + "<TCP bind_addr=\"" + address + "\" bind_port=\"" + port + "\" port_range=\"0\"/>"
            + "<aws.S3_PING num_discovery_runs=\"3\" remove_old_coords_on_view_change=\"true\""
            + " register_shutdown_hook=\"false\"/>"
            + (apart ? "<DISCARD up=\"1.0\" down=\"1.0\"/>" : "")
            + "<MERGE3 min_interval=\"1000\" max_interval=\"3000\"/><FD_ALL3/><VERIFY_SUSPECT2/>"
            + "<pbcast.NAKACK2 use_mcast_xmit=\"false\"/><UNICAST4/><pbcast.STABLE/>"
            + "<pbcast.GMS print_local_addr=\"false\" join_timeout=\"1000\" max_join_attempts=\"2\"/></config>";
    }

    static JChannel start(String name, String address, boolean apart) throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName(address))) {
            port = free.getLocalPort();
        }
        JChannel channel = new JChannel(new ByteArrayInputStream(stack(address, port, apart).getBytes()));
        channel.setName(name);
        channel.connect("ISPN");
        return channel;
    }

    public static void main(String[] arguments) throws Exception {
        boolean apart = arguments.length > 0 && arguments[0].equals("apart");
        JChannel first = start("first-1", "127.0.0.1", false);
        JChannel second = start("second-2", "127.0.0.2", apart);
        System.out.println("view " + first.getView());
        System.out.println("view " + second.getView());
        // Five minutes at most, should whoever watches be gone.
        for (int tick = 0; tick < 1500 && System.in.available() == 0; tick++) {
            System.out.println("tick");
            Thread.sleep(200);
        }
        second.close();
        first.close();
        System.out.println("closed");
        System.exit(0);
    }
}
